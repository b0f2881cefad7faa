//! Deliveries: messages to members by their channels, each from when it is necessary until long after it
//! was sent.

use crate::board::many;
use crate::contact::language_of;
use crate::statement::{execute, later, optional, rows, statements};
use crate::{Error, Result, Tx};
use domain::event::EventPayload;
use domain::notification::{Channel, DeliveryState, Template};
use domain::text::{Language, Localized};
use serde::Serialize;
use sqlx::types::Json;
use uuid::Uuid;

statements! {
    // Whoever said nothing is told by e-mail. A campus is called what it is called now.
    PROSPECTS(1) = "SELECT event.id AS event_id, event.kind, event.payload, event.request_id, event.at,
            account.id AS account_id, account.email, COALESCE(contact.language, 'en') AS language,
            COALESCE(contact.by_email, TRUE) AS by_email, COALESCE(contact.by_sms, FALSE) AS by_sms,
            COALESCE(contact.by_push, FALSE) AS by_push,
            CASE WHEN contact.phone_confirmed_at IS NOT NULL THEN contact.phone END AS phone, campus.name AS campus
        FROM json_each($1) AS wanted CROSS JOIN outbox AS event ON event.id = unhex(wanted.value)
            CROSS JOIN account ON account.id = event.account_id
            LEFT JOIN contact ON contact.account_id = event.account_id
            LEFT JOIN campus ON campus.id = event.campus_id"
      | "SELECT event.id AS event_id, event.kind, event.payload, event.request_id, event.at,
            account.id AS account_id, account.email, COALESCE(contact.language, 'en') AS language,
            COALESCE(contact.by_email, TRUE) AS by_email, COALESCE(contact.by_sms, FALSE) AS by_sms,
            COALESCE(contact.by_push, FALSE) AS by_push,
            CASE WHEN contact.phone_confirmed_at IS NOT NULL THEN contact.phone END AS phone, campus.name AS campus
        FROM jsonb_array_elements_text($1) AS wanted(value)
            JOIN outbox AS event ON event.id = CAST(wanted.value AS UUID)
            JOIN account ON account.id = event.account_id
            LEFT JOIN contact ON contact.account_id = event.account_id
            LEFT JOIN campus ON campus.id = event.campus_id";
    INSERT(1) = "INSERT INTO delivery (id, key, event_id, account_id, channel, template, language, recipient,
            subscription_id, number, payload, state, job_id, request_id, at, queued_at, updated_at)
        SELECT unhex(value ->> 'id'), value ->> 'key', unhex(value ->> 'eventId'), unhex(value ->> 'accountId'),
            value ->> 'channel', value ->> 'template', value ->> 'language', value ->> 'recipient',
            unhex(value ->> 'subscriptionId'), value ->> 'number', value -> 'payload', 'QUEUED',
            unhex(value ->> 'jobId'), value ->> 'requestId', value ->> 'at', value ->> 'now', value ->> 'now'
        FROM json_each($1) WHERE true ON CONFLICT (key) DO NOTHING RETURNING id"
      | "INSERT INTO delivery (id, key, event_id, account_id, channel, template, language, recipient,
            subscription_id, number, payload, state, job_id, request_id, at, queued_at, updated_at)
        SELECT id, key, \"eventId\", \"accountId\", channel, template, language, recipient, \"subscriptionId\",
            number, payload, 'QUEUED', \"jobId\", \"requestId\", at, now, now
        FROM jsonb_to_recordset($1) AS row(id UUID, key TEXT, \"eventId\" UUID, \"accountId\" UUID, channel TEXT,
            template TEXT, language TEXT, recipient TEXT, \"subscriptionId\" UUID, number BIGINT, payload JSONB,
            \"jobId\" UUID, \"requestId\" TEXT, at BIGINT, now BIGINT)
        ON CONFLICT (key) DO NOTHING RETURNING id";
    GET(1) = "SELECT id, key, event_id, account_id, channel, template, language, recipient, subscription_id, number,
            payload, state, attempts, unsettled, error, reference, job_id, request_id, at, queued_at, updated_at, sent_at
        FROM delivery WHERE id = $1";
    BEGIN(3) = "UPDATE delivery SET attempts = attempts + 1, unsettled = unsettled + 1, updated_at = $3
        WHERE id = $1 AND job_id = $2 AND state = 'QUEUED'
        RETURNING id, key, event_id, account_id, channel, template, language, recipient, subscription_id, number,
            payload, state, attempts, unsettled, error, reference, job_id, request_id, at, queued_at, updated_at, sent_at";
    POSTPONE(4) = "UPDATE delivery SET unsettled = CASE WHEN unsettled > 0 THEN unsettled - 1 ELSE 0 END, error = $3,
            updated_at = $4
        WHERE id = $1 AND job_id = $2 AND state = 'QUEUED'";
    DOUBT(4) = "UPDATE delivery SET error = $3, updated_at = $4
        WHERE id = $1 AND job_id = $2 AND state = 'QUEUED'";
    SETTLE(1) = "UPDATE delivery SET state = ended.state, error = ended.error, reference = ended.reference,
            unsettled = 0, updated_at = ended.now,
            sent_at = CASE WHEN ended.state = 'SENT' THEN ended.now ELSE delivery.sent_at END
        FROM (SELECT unhex(value ->> 'id') AS id, unhex(value ->> 'jobId') AS job_id, value ->> 'state' AS state,
            value ->> 'error' AS error, value ->> 'reference' AS reference, value ->> 'now' AS now
            FROM json_each($1)) AS ended
        WHERE delivery.id = ended.id AND delivery.job_id = ended.job_id AND delivery.state = 'QUEUED'
        RETURNING delivery.id"
      | "UPDATE delivery SET state = ended.state, error = ended.error, reference = ended.reference,
            unsettled = 0, updated_at = ended.now,
            sent_at = CASE WHEN ended.state = 'SENT' THEN ended.now ELSE delivery.sent_at END
        FROM jsonb_to_recordset($1) AS ended(id UUID, \"jobId\" UUID, state TEXT, error TEXT, reference TEXT, now BIGINT)
        WHERE delivery.id = ended.id AND delivery.job_id = ended.\"jobId\" AND delivery.state = 'QUEUED'
        RETURNING delivery.id";
    REQUEUE(3) = "UPDATE delivery SET state = 'QUEUED', attempts = 0, unsettled = 0, error = NULL, reference = NULL,
            job_id = $2, queued_at = $3, updated_at = $3
        WHERE id = $1 AND state <> 'QUEUED'";
    STRANDED(2) = "SELECT id, job_id FROM delivery WHERE state = 'QUEUED' AND updated_at < $1
            AND NOT EXISTS (SELECT 1 FROM job WHERE job.id = delivery.job_id
                AND job.state NOT IN ('succeeded', 'dead', 'cancelled'))
        ORDER BY updated_at LIMIT $2";
    // Of each part the first by the index, then the first of those: however many deliveries there are, no
    // more are read than parts times the limit. PostgreSQL is asked for an order that the ids alone don't
    // have, so that it does not read all deliveries to find a few.
    NEWEST(3) = "SELECT delivery.id, key, event_id, account_id, channel, template, language, recipient, subscription_id,
            number, payload, state, attempts, unsettled, error, reference, job_id, request_id, at, queued_at, updated_at,
            sent_at
        FROM (SELECT unhex(found.value) AS id FROM json_each($1) AS part,
                json_each((SELECT json_group_array(hex(id)) FROM (SELECT id FROM delivery
                    WHERE channel = part.value ->> 'channel' AND state = part.value ->> 'state'
                        AND template = part.value ->> 'template' AND id < $2
                    ORDER BY id DESC LIMIT $3))) AS found
            ORDER BY found.value DESC LIMIT $3) AS page CROSS JOIN delivery ON delivery.id = page.id
        ORDER BY delivery.id DESC"
      | "SELECT delivery.id, key, event_id, account_id, channel, template, language, recipient, subscription_id,
            number, payload, state, attempts, unsettled, error, reference, job_id, request_id, at, queued_at, updated_at,
            sent_at
        FROM (SELECT found.id FROM jsonb_array_elements($1) AS part(value), LATERAL (SELECT id FROM delivery
                WHERE channel = part.value ->> 'channel' AND state = part.value ->> 'state'
                    AND (template, id) < (part.value ->> 'template', $2) AND template >= part.value ->> 'template'
                ORDER BY template DESC, id DESC LIMIT $3) AS found
            ORDER BY found.id DESC LIMIT $3) AS page JOIN delivery ON delivery.id = page.id
        ORDER BY delivery.id DESC";
    OLDEST(3) = "SELECT delivery.id, key, event_id, account_id, channel, template, language, recipient, subscription_id,
            number, payload, state, attempts, unsettled, error, reference, job_id, request_id, at, queued_at, updated_at,
            sent_at
        FROM (SELECT unhex(found.value) AS id FROM json_each($1) AS part,
                json_each((SELECT json_group_array(hex(id)) FROM (SELECT id FROM delivery
                    WHERE channel = part.value ->> 'channel' AND state = part.value ->> 'state'
                        AND template = part.value ->> 'template' AND id > $2
                    ORDER BY id LIMIT $3))) AS found
            ORDER BY found.value LIMIT $3) AS page CROSS JOIN delivery ON delivery.id = page.id
        ORDER BY delivery.id"
      | "SELECT delivery.id, key, event_id, account_id, channel, template, language, recipient, subscription_id,
            number, payload, state, attempts, unsettled, error, reference, job_id, request_id, at, queued_at, updated_at,
            sent_at
        FROM (SELECT found.id FROM jsonb_array_elements($1) AS part(value), LATERAL (SELECT id FROM delivery
                WHERE channel = part.value ->> 'channel' AND state = part.value ->> 'state'
                    AND (template, id) > (part.value ->> 'template', $2) AND template <= part.value ->> 'template'
                ORDER BY template, id LIMIT $3) AS found
            ORDER BY found.id LIMIT $3) AS page JOIN delivery ON delivery.id = page.id
        ORDER BY delivery.id";
    COUNT(2) = "SELECT COUNT(*) FROM (SELECT 1 FROM json_each($1) AS part CROSS JOIN delivery
        ON channel = part.value ->> 'channel' AND state = part.value ->> 'state'
            AND template = part.value ->> 'template' LIMIT $2) AS counted"
      | "SELECT COUNT(*) FROM (SELECT 1 FROM jsonb_array_elements($1) AS part(value) JOIN delivery
        ON channel = part.value ->> 'channel' AND state = part.value ->> 'state'
            AND template = part.value ->> 'template' LIMIT $2) AS counted";
    // Those of some people, or about orders of a number: of each the first by its index, which knows also
    // what else is asked for, then the first of those.
    FOUND_NEWEST(7) = "SELECT delivery.id, key, event_id, account_id, channel, template, language, recipient, subscription_id,
            number, payload, state, attempts, unsettled, error, reference, job_id, request_id, at, queued_at, updated_at,
            sent_at
        FROM (SELECT id FROM (
                SELECT unhex(found.value) AS id FROM json_each($1) AS person,
                    json_each((SELECT json_group_array(hex(id)) FROM (SELECT id FROM delivery
                        WHERE account_id = unhex(person.value) AND id < $6
                            AND ($3 IS NULL OR channel = $3) AND ($4 IS NULL OR state = $4) AND ($5 IS NULL OR template = $5)
                        ORDER BY id DESC LIMIT $7))) AS found
                UNION SELECT id FROM (SELECT id FROM delivery WHERE number = $2 AND id < $6
                    AND ($3 IS NULL OR channel = $3) AND ($4 IS NULL OR state = $4) AND ($5 IS NULL OR template = $5)
                    ORDER BY id DESC LIMIT $7))
            ORDER BY id DESC LIMIT $7) AS page CROSS JOIN delivery ON delivery.id = page.id
        ORDER BY delivery.id DESC"
      | "SELECT delivery.id, key, event_id, account_id, channel, template, language, recipient, subscription_id,
            number, payload, state, attempts, unsettled, error, reference, job_id, request_id, at, queued_at, updated_at,
            sent_at
        FROM (SELECT id FROM (
                SELECT found.id FROM jsonb_array_elements_text($1) AS person(id), LATERAL (SELECT delivery.id FROM delivery
                    WHERE (account_id, delivery.id) < (CAST(person.id AS UUID), $6)
                        AND account_id >= CAST(person.id AS UUID)
                        AND (CAST($3 AS TEXT) IS NULL OR channel = $3)
                        AND (CAST($4 AS TEXT) IS NULL OR state = $4) AND (CAST($5 AS TEXT) IS NULL OR template = $5)
                    ORDER BY account_id DESC, delivery.id DESC LIMIT $7) AS found
                UNION SELECT numbered.id FROM (SELECT id FROM delivery
                    WHERE (number, id) < (CAST($2 AS BIGINT), $6) AND number >= CAST($2 AS BIGINT)
                        AND (CAST($3 AS TEXT) IS NULL OR channel = $3)
                        AND (CAST($4 AS TEXT) IS NULL OR state = $4) AND (CAST($5 AS TEXT) IS NULL OR template = $5)
                    ORDER BY number DESC, id DESC LIMIT $7) AS numbered) AS either
            ORDER BY id DESC LIMIT $7) AS page JOIN delivery ON delivery.id = page.id
        ORDER BY delivery.id DESC";
    FOUND_OLDEST(7) = "SELECT delivery.id, key, event_id, account_id, channel, template, language, recipient, subscription_id,
            number, payload, state, attempts, unsettled, error, reference, job_id, request_id, at, queued_at, updated_at,
            sent_at
        FROM (SELECT id FROM (
                SELECT unhex(found.value) AS id FROM json_each($1) AS person,
                    json_each((SELECT json_group_array(hex(id)) FROM (SELECT id FROM delivery
                        WHERE account_id = unhex(person.value) AND id > $6
                            AND ($3 IS NULL OR channel = $3) AND ($4 IS NULL OR state = $4) AND ($5 IS NULL OR template = $5)
                        ORDER BY id LIMIT $7))) AS found
                UNION SELECT id FROM (SELECT id FROM delivery WHERE number = $2 AND id > $6
                    AND ($3 IS NULL OR channel = $3) AND ($4 IS NULL OR state = $4) AND ($5 IS NULL OR template = $5)
                    ORDER BY id LIMIT $7))
            ORDER BY id LIMIT $7) AS page CROSS JOIN delivery ON delivery.id = page.id
        ORDER BY delivery.id"
      | "SELECT delivery.id, key, event_id, account_id, channel, template, language, recipient, subscription_id,
            number, payload, state, attempts, unsettled, error, reference, job_id, request_id, at, queued_at, updated_at,
            sent_at
        FROM (SELECT id FROM (
                SELECT found.id FROM jsonb_array_elements_text($1) AS person(id), LATERAL (SELECT delivery.id FROM delivery
                    WHERE (account_id, delivery.id) > (CAST(person.id AS UUID), $6)
                        AND account_id <= CAST(person.id AS UUID)
                        AND (CAST($3 AS TEXT) IS NULL OR channel = $3)
                        AND (CAST($4 AS TEXT) IS NULL OR state = $4) AND (CAST($5 AS TEXT) IS NULL OR template = $5)
                    ORDER BY account_id, delivery.id LIMIT $7) AS found
                UNION SELECT numbered.id FROM (SELECT id FROM delivery
                    WHERE (number, id) > (CAST($2 AS BIGINT), $6) AND number <= CAST($2 AS BIGINT)
                        AND (CAST($3 AS TEXT) IS NULL OR channel = $3)
                        AND (CAST($4 AS TEXT) IS NULL OR state = $4) AND (CAST($5 AS TEXT) IS NULL OR template = $5)
                    ORDER BY number, id LIMIT $7) AS numbered) AS either
            ORDER BY id LIMIT $7) AS page JOIN delivery ON delivery.id = page.id
        ORDER BY delivery.id";
    COUNT_FOUND(6) = "SELECT COUNT(*) FROM (SELECT id FROM (
                SELECT delivery.id FROM json_each($1) AS person CROSS JOIN delivery ON account_id = unhex(person.value)
                WHERE ($3 IS NULL OR channel = $3) AND ($4 IS NULL OR state = $4) AND ($5 IS NULL OR template = $5)
                LIMIT $6)
            UNION SELECT id FROM (SELECT id FROM delivery WHERE number = $2
                AND ($3 IS NULL OR channel = $3) AND ($4 IS NULL OR state = $4) AND ($5 IS NULL OR template = $5)
                LIMIT $6)
            LIMIT $6) AS counted"
      | "SELECT COUNT(*) FROM (SELECT id FROM (
                SELECT delivery.id FROM jsonb_array_elements_text($1) AS person(id)
                    JOIN delivery ON account_id = CAST(person.id AS UUID)
                WHERE (CAST($3 AS TEXT) IS NULL OR channel = $3) AND (CAST($4 AS TEXT) IS NULL OR state = $4)
                    AND (CAST($5 AS TEXT) IS NULL OR template = $5)
                LIMIT $6) AS theirs
            UNION SELECT id FROM (SELECT id FROM delivery WHERE number = CAST($2 AS BIGINT)
                AND (CAST($3 AS TEXT) IS NULL OR channel = $3) AND (CAST($4 AS TEXT) IS NULL OR state = $4)
                AND (CAST($5 AS TEXT) IS NULL OR template = $5)
                LIMIT $6) AS numbered
            LIMIT $6) AS counted";
    // By the letters alone, as an index has them.
    PEOPLE(3) = "SELECT id FROM account WHERE email >= $1 AND email < $2 ORDER BY email LIMIT $3"
      | "SELECT id FROM account WHERE email COLLATE \"C\" >= $1 AND email COLLATE \"C\" < $2
        ORDER BY email COLLATE \"C\" LIMIT $3";
    WITH_PHONE(2) = "SELECT account_id FROM contact WHERE phone = $1 LIMIT $2";
    // By the index of accounts alone.
    MADE(5) = "SELECT COUNT(*) FROM (SELECT 1 FROM delivery
        WHERE account_id = $1 AND id >= $2 AND id < $3 AND channel = $4 AND state IN ('QUEUED', 'SENT')
        LIMIT $5) AS counted";
    SWEEP(2) = "DELETE FROM delivery WHERE id IN (SELECT id FROM delivery
        WHERE id < $1 AND state <> 'QUEUED' ORDER BY id LIMIT $2)";
}

/// An event, whom it is for, and how they wish to be told.
#[derive(Debug, Clone, PartialEq)]
pub struct Prospect {
    /// The event.
    pub event_id: Uuid,
    /// What has happened, by its key.
    pub kind: String,
    /// What it tells, with what its campus is called.
    pub payload: EventPayload,
    /// The request that caused it.
    pub request_id: String,
    /// When it happened, in microseconds.
    pub at: i64,
    /// Whom it is for.
    pub account_id: Uuid,
    /// Their address.
    pub email: String,
    /// Their language.
    pub language: Language,
    /// Whether they wish to be told by e-mail.
    pub by_email: bool,
    /// Whether they wish to be told by short message.
    pub by_sms: bool,
    /// Whether they wish to be told in their browsers.
    pub by_push: bool,
    /// Their phone, where it is known to be theirs.
    pub phone: Option<String>,
}

#[derive(sqlx::FromRow)]
struct ProspectRow {
    event_id: Uuid,
    kind: String,
    payload: Json<EventPayload>,
    request_id: String,
    at: i64,
    account_id: Uuid,
    email: String,
    language: String,
    by_email: bool,
    by_sms: bool,
    by_push: bool,
    phone: Option<String>,
    campus: Option<Json<Localized<String>>>,
}

impl TryFrom<ProspectRow> for Prospect {
    type Error = Error;
    fn try_from(row: ProspectRow) -> Result<Self> {
        let mut payload = row.payload.0;
        payload.campus = payload.campus.or(row.campus.map(|campus| campus.0));
        Ok(Self {
            event_id: row.event_id,
            kind: row.kind,
            payload,
            request_id: row.request_id,
            at: row.at,
            account_id: row.account_id,
            email: row.email,
            language: language_of(&row.language)?,
            by_email: row.by_email,
            by_sms: row.by_sms,
            by_push: row.by_push,
            phone: row.phone,
        })
    }
}

/// A delivery to be.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NewDelivery {
    /// Its id.
    #[serde(with = "uuid::serde::simple")]
    pub id: Uuid,
    /// What makes it the same as another.
    pub key: String,
    /// What it tells of: an event, or a code.
    #[serde(with = "uuid::serde::simple")]
    pub event_id: Uuid,
    /// Whom it is for.
    #[serde(with = "uuid::serde::simple")]
    pub account_id: Uuid,
    /// By which channel.
    pub channel: Channel,
    /// What it says.
    pub template: Template,
    /// In which language.
    pub language: Language,
    /// An address, a phone number, or the host of a push service.
    pub recipient: String,
    /// The browser, where it is for one.
    #[serde(serialize_with = "simple", skip_serializing_if = "Option::is_none")]
    pub subscription_id: Option<Uuid>,
    /// What the order is called at the counter; zero where it is about none.
    pub number: i64,
    /// What the event tells.
    pub payload: EventPayload,
    /// The job that sends it.
    #[serde(with = "uuid::serde::simple")]
    pub job_id: Uuid,
    /// The request that caused it.
    pub request_id: String,
    /// When it happened what it tells of, in microseconds.
    pub at: i64,
    /// Now, in microseconds.
    pub now: i64,
}

#[allow(clippy::ref_option, reason = "what serde calls it with")]
fn simple<S: serde::Serializer>(
    id: &Option<Uuid>,
    serializer: S,
) -> std::result::Result<S::Ok, S::Error> {
    match id {
        Some(id) => uuid::serde::simple::serialize(id, serializer),
        None => serializer.serialize_none(),
    }
}

/// A delivery. Times are microseconds UTC.
#[derive(Debug, Clone, PartialEq)]
pub struct Delivery {
    /// Its id.
    pub id: Uuid,
    /// What makes it the same as another.
    pub key: String,
    /// What it tells of: an event, or a code.
    pub event_id: Uuid,
    /// Whom it is for.
    pub account_id: Uuid,
    /// By which channel.
    pub channel: Channel,
    /// What it says.
    pub template: Template,
    /// In which language.
    pub language: Language,
    /// An address, a phone number, or the host of a push service.
    pub recipient: String,
    /// The browser, where it is for one. It may be gone.
    pub subscription_id: Option<Uuid>,
    /// What the order is called at the counter; zero where it is about none.
    pub number: i64,
    /// What the event tells.
    pub payload: EventPayload,
    /// How it stands.
    pub state: DeliveryState,
    /// How often sending has begun.
    pub attempts: i64,
    /// How often of those nobody has noted what came of it.
    pub unsettled: i64,
    /// Why it failed last.
    pub error: Option<String>,
    /// What whoever carries it calls it.
    pub reference: Option<String>,
    /// The job that sends it.
    pub job_id: Uuid,
    /// The request that caused it.
    pub request_id: String,
    /// When it happened what it tells of.
    pub at: i64,
    /// When it was to be sent, for the first time or again.
    pub queued_at: i64,
    /// When it last changed.
    pub updated_at: i64,
    /// When it was sent.
    pub sent_at: Option<i64>,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    key: String,
    event_id: Uuid,
    account_id: Uuid,
    channel: String,
    template: String,
    language: String,
    recipient: String,
    subscription_id: Option<Uuid>,
    number: i64,
    payload: Json<EventPayload>,
    state: String,
    attempts: i64,
    unsettled: i64,
    error: Option<String>,
    reference: Option<String>,
    job_id: Uuid,
    request_id: String,
    at: i64,
    queued_at: i64,
    updated_at: i64,
    sent_at: Option<i64>,
}

impl TryFrom<Row> for Delivery {
    type Error = Error;
    fn try_from(row: Row) -> Result<Self> {
        Ok(Self {
            id: row.id,
            key: row.key,
            event_id: row.event_id,
            account_id: row.account_id,
            channel: Channel::from_key(&row.channel)
                .ok_or_else(|| Error::unreadable(&row.channel))?,
            template: Template::from_key(&row.template)
                .ok_or_else(|| Error::unreadable(&row.template))?,
            language: language_of(&row.language)?,
            recipient: row.recipient,
            subscription_id: row.subscription_id,
            number: row.number,
            payload: row.payload.0,
            state: DeliveryState::from_key(&row.state)
                .ok_or_else(|| Error::unreadable(&row.state))?,
            attempts: row.attempts,
            unsettled: row.unsettled,
            error: row.error,
            reference: row.reference,
            job_id: row.job_id,
            request_id: row.request_id,
            at: row.at,
            queued_at: row.queued_at,
            updated_at: row.updated_at,
            sent_at: row.sent_at,
        })
    }
}

/// What has come of a delivery.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Settled {
    /// Which.
    #[serde(with = "uuid::serde::simple")]
    pub id: Uuid,
    /// The job that sent it.
    #[serde(with = "uuid::serde::simple")]
    pub job_id: Uuid,
    /// How it stands.
    pub state: DeliveryState,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// What whoever carries it calls it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// Now, in microseconds.
    pub now: i64,
}

/// Which deliveries. Everything that is absent lets all through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Filter {
    /// By this channel.
    pub channel: Option<Channel>,
    /// In this state.
    pub state: Option<DeliveryState>,
    /// Which say this.
    pub template: Option<Template>,
}

/// A part of all deliveries, as the index has them.
#[derive(Serialize)]
struct Part {
    channel: &'static str,
    state: &'static str,
    template: &'static str,
}

impl Filter {
    fn parts(self) -> Json<Vec<Part>> {
        fn wanted<T: Copy>(all: &[T], one: Option<T>) -> Vec<T> {
            one.map_or_else(|| all.to_vec(), |one| vec![one])
        }
        let mut parts = Vec::new();
        for channel in wanted(&Channel::ALL, self.channel) {
            for state in wanted(&DeliveryState::ALL, self.state) {
                for template in wanted(&Template::ALL, self.template) {
                    parts.push(Part {
                        channel: channel.key(),
                        state: state.key(),
                        template: template.key(),
                    });
                }
            }
        }
        Json(parts)
    }
}

/// Whose deliveries, or about which orders.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sought {
    /// Of these accounts.
    pub accounts: Vec<Uuid>,
    /// Or about orders that are called so at the counter.
    pub number: Option<i64>,
}

/// What is known of the events that should be told, and of those whom they are for.
///
/// # Errors
/// Where the database does.
pub async fn prospects(tx: &mut Tx, events: &[Uuid]) -> Result<Vec<Prospect>> {
    if events.is_empty() {
        return Ok(Vec::new());
    }
    rows!(tx, ProspectRow, PROSPECTS, many(events))?
        .into_iter()
        .map(Prospect::try_from)
        .collect()
}

/// Writes deliveries, all by one statement, and gives the ids of those that are new. One that is there
/// already, by its key, stays as it is.
///
/// # Errors
/// Where the database does.
pub async fn insert(tx: &mut Tx, deliveries: &[NewDelivery]) -> Result<Vec<Uuid>> {
    if deliveries.is_empty() {
        return Ok(Vec::new());
    }
    let rows = rows!(tx, (Uuid,), INSERT, Json(deliveries))?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// A delivery.
///
/// # Errors
/// Where the database does.
pub async fn get(tx: &mut Tx, id: Uuid) -> Result<Option<Delivery>> {
    optional!(tx, Row, GET, id)?
        .map(Delivery::try_from)
        .transpose()
}

/// Notes that a delivery is about to be sent, and gives it; nothing where it is not queued any more, or
/// another job has it.
///
/// # Errors
/// Where the database does.
pub async fn begin(tx: &mut Tx, id: Uuid, job: Uuid, now: i64) -> Result<Option<Delivery>> {
    optional!(tx, Row, BEGIN, id, job, now)?
        .map(Delivery::try_from)
        .transpose()
}

/// Notes why a delivery was surely not sent this time: that it was begun leaves nothing to be known.
///
/// # Errors
/// Where the database does.
pub async fn postpone(tx: &mut Tx, id: Uuid, job: Uuid, error: &str, now: i64) -> Result<()> {
    later!(tx, POSTPONE, id, job, error, now)
}

/// Notes why nobody knows whether a delivery was sent this time: it stays counted among those times.
///
/// # Errors
/// Where the database does.
pub async fn doubt(tx: &mut Tx, id: Uuid, job: Uuid, error: &str, now: i64) -> Result<()> {
    later!(tx, DOUBT, id, job, error, now)
}

/// Notes what has come of deliveries, all by one statement, and gives the ids of those of which it did:
/// one that is not queued any more, or that another job has, stays as it is.
///
/// # Errors
/// Where the database does.
pub async fn settle(tx: &mut Tx, settled: &[&Settled]) -> Result<Vec<Uuid>> {
    if settled.is_empty() {
        return Ok(Vec::new());
    }
    let rows = rows!(tx, (Uuid,), SETTLE, Json(settled))?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// Has a delivery sent again by a job; false where it is queued already, or there is none.
///
/// # Errors
/// Where the database does.
pub async fn requeue(tx: &mut Tx, id: Uuid, job: Uuid, now: i64) -> Result<bool> {
    Ok(execute!(tx, REQUEUE, id, job, now)? == 1)
}

/// Queued deliveries that have not changed since a moment and whose jobs have ended, each with its job: up
/// to `limit`.
///
/// # Errors
/// Where the database does.
pub async fn stranded(tx: &mut Tx, since: i64, limit: i64) -> Result<Vec<(Uuid, Uuid)>> {
    rows!(tx, (Uuid, Uuid), STRANDED, since, limit)
}

/// Up to `limit` deliveries that a filter lets through, after the one where the last page ended; the newest
/// first, or the oldest.
///
/// # Errors
/// Where the database does.
pub async fn list(
    tx: &mut Tx,
    filter: Filter,
    sought: Option<&Sought>,
    oldest: bool,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Delivery>> {
    let from = after.unwrap_or(if oldest { Uuid::nil() } else { Uuid::max() });
    let rows = match (sought, oldest) {
        (None, false) => rows!(tx, Row, NEWEST, filter.parts(), from, limit),
        (None, true) => rows!(tx, Row, OLDEST, filter.parts(), from, limit),
        (Some(sought), false) => rows!(
            tx,
            Row,
            FOUND_NEWEST,
            many(&sought.accounts),
            sought.number,
            filter.channel.map(Channel::key),
            filter.state.map(DeliveryState::key),
            filter.template.map(Template::key),
            from,
            limit
        ),
        (Some(sought), true) => rows!(
            tx,
            Row,
            FOUND_OLDEST,
            many(&sought.accounts),
            sought.number,
            filter.channel.map(Channel::key),
            filter.state.map(DeliveryState::key),
            filter.template.map(Template::key),
            from,
            limit
        ),
    };
    rows?.into_iter().map(Delivery::try_from).collect()
}

/// How many deliveries a filter lets through; at most `most`.
///
/// # Errors
/// Where the database does.
pub async fn count(tx: &mut Tx, filter: Filter, sought: Option<&Sought>, most: i64) -> Result<i64> {
    let counted = match sought {
        None => optional!(tx, (i64,), COUNT, filter.parts(), most),
        Some(sought) => optional!(
            tx,
            (i64,),
            COUNT_FOUND,
            many(&sought.accounts),
            sought.number,
            filter.channel.map(Channel::key),
            filter.state.map(DeliveryState::key),
            filter.template.map(Template::key),
            most
        ),
    };
    Ok(counted?.map_or(0, |(counted,)| counted))
}

/// Up to `limit` accounts whose lower-case address begins so.
///
/// # Errors
/// Where the database does.
pub async fn people(tx: &mut Tx, start: &str, limit: i64) -> Result<Vec<Uuid>> {
    // No letter comes after the last one.
    let end = format!("{start}{}", char::MAX);
    let rows = rows!(tx, (Uuid,), PEOPLE, start, end.as_str(), limit)?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// Up to `limit` accounts that are told at a phone number.
///
/// # Errors
/// Where the database does.
pub async fn with_phone(tx: &mut Tx, phone: &str, limit: i64) -> Result<Vec<Uuid>> {
    let rows = rows!(tx, (Uuid,), WITH_PHONE, phone, limit)?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// How many deliveries to an account by a channel, sent or to be sent, have ids from `since` on and before
/// `before`; at most `most`.
///
/// # Errors
/// Where the database does.
pub async fn made(
    tx: &mut Tx,
    account: Uuid,
    channel: Channel,
    since: Uuid,
    before: Uuid,
    most: i64,
) -> Result<i64> {
    let counted = optional!(
        tx,
        (i64,),
        MADE,
        account,
        since,
        before,
        channel.key(),
        most
    )?;
    Ok(counted.map_or(0, |(counted,)| counted))
}

/// Deletes up to `limit` deliveries whose ids are smaller than `before`, but for those that are still to be
/// sent; gives how many.
///
/// # Errors
/// Where the database does.
pub async fn sweep(tx: &mut Tx, before: Uuid, limit: i64) -> Result<u64> {
    execute!(tx, SWEEP, before, limit)
}
