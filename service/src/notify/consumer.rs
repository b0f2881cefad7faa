//! The consumer of events that makes deliveries of them.

use super::settings::origin;
use crate::Result;
use crate::ctx::{Ctx, Institution, Service};
use crate::jobs::{self, send_notification::SendNotification};
use crate::outbox::{Consumer, Receiver};
use domain::event::{EventPayload, OrderEvent};
use domain::notification::{Channel, Template};
use domain::problem::Problem;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use storage::contact::{self, Browser};
use storage::delivery::{self, NewDelivery, Prospect};
use storage::job::{self, NewJob};
use storage::outbox::Event;
use storage::{Tx, contact::BROWSERS_MOST};
use uuid::Uuid;

/// The members' channels: it makes deliveries, and a job for each, in the transaction that notes that it had
/// the events.
#[derive(Debug, Clone)]
pub struct Notices {
    service: Arc<Service>,
    institution: Arc<Institution>,
}

impl Notices {
    /// Of an institution.
    #[must_use]
    pub fn new(service: &Arc<Service>, institution: &Arc<Institution>) -> Self {
        Self {
            service: Arc::clone(service),
            institution: institution.clone(),
        }
    }

    async fn make(&self, tx: &mut Tx, events: &[Uuid], now: i64) -> Result<()> {
        let prospects = delivery::prospects(tx, events).await?;
        let told: Vec<(Prospect, Template)> = prospects
            .into_iter()
            .filter_map(|prospect| {
                let kind = OrderEvent::from_key(&prospect.kind)?;
                let template = Template::of(kind, prospect.payload.reason.as_deref())?;
                Some((prospect, template))
            })
            .collect();
        let channels = &self.institution.channels;
        let mut browsers: HashMap<Uuid, Vec<Browser>> = HashMap::new();
        if channels.is_open(Channel::Push) {
            let accounts: HashSet<Uuid> = told
                .iter()
                .filter(|(prospect, _)| prospect.by_push)
                .map(|(prospect, _)| prospect.account_id)
                .collect();
            let accounts: Vec<Uuid> = accounts.into_iter().collect();
            for browser in contact::browsers_of(tx, &accounts).await? {
                browsers
                    .entry(browser.account_id)
                    .or_default()
                    .push(browser);
            }
        }
        let mut deliveries = Vec::new();
        let mut jobs = Vec::new();
        for (prospect, template) in &told {
            let mut add = |channel, recipient: String, browser: Option<Uuid>| -> Result<()> {
                let (new, job) =
                    self.delivery(prospect, *template, channel, recipient, browser, now)?;
                deliveries.push(new);
                jobs.push(job);
                Ok(())
            };
            if prospect.by_email && channels.is_open(Channel::Email) {
                add(Channel::Email, prospect.email.clone(), None)?;
            }
            if let Some(phone) = &prospect.phone
                && prospect.by_sms
                && channels.is_open(Channel::Sms)
            {
                add(Channel::Sms, phone.clone(), None)?;
            }
            if prospect.by_push {
                let own = browsers.get(&prospect.account_id);
                for browser in own.into_iter().flatten().take(BROWSERS_MOST as usize) {
                    let host = origin(&browser.endpoint).map_or("", |(_, host)| host);
                    add(Channel::Push, host.to_owned(), Some(browser.id))?;
                }
            }
        }
        // An event that comes again, as from the dead letters, has its deliveries already.
        let fresh: HashSet<Uuid> = delivery::insert(tx, &deliveries)
            .await?
            .into_iter()
            .collect();
        let fresh: Vec<NewJob> = deliveries
            .iter()
            .zip(jobs)
            .filter(|(delivery, _)| fresh.contains(&delivery.id))
            .map(|(_, job)| job)
            .collect();
        if !fresh.is_empty() {
            job::enqueue(tx, &fresh).await?;
            tx.will_wake().await?;
        }
        Ok(())
    }

    fn delivery(
        &self,
        prospect: &Prospect,
        template: Template,
        channel: Channel,
        recipient: String,
        browser: Option<Uuid>,
        now: i64,
    ) -> Result<(NewDelivery, NewJob)> {
        let id = self.service.next_id();
        let Prospect {
            event_id,
            account_id,
            ..
        } = *prospect;
        let mut key = format!("{event_id}:{}:{account_id}", channel.key());
        if let Some(browser) = browser {
            key.push_str(&format!(":{browser}"));
        }
        let ctx = Ctx::system(&self.service, &self.institution, &prospect.request_id);
        let job = jobs::new_job(
            &ctx,
            Some(account_id),
            &SendNotification { delivery: id },
            None,
        )?;
        let new = NewDelivery {
            id,
            key,
            event_id,
            account_id,
            channel,
            template,
            language: prospect.language,
            recipient,
            subscription_id: browser,
            number: prospect.payload.number.unwrap_or_default(),
            payload: prospect.payload.clone(),
            job_id: job.id,
            request_id: prospect.request_id.clone(),
            at: prospect.at,
            now,
        };
        Ok((new, job))
    }
}

impl Receiver for Notices {
    fn consumer(&self) -> Consumer {
        Consumer::Notice
    }

    /// A message that tells of no order is none.
    fn check(&self, event: &Event) -> std::result::Result<(), Problem> {
        match serde_json::from_value::<EventPayload>(event.payload.0.clone()) {
            Ok(payload)
                if payload.order_id.is_some() && OrderEvent::from_key(&event.kind).is_some() =>
            {
                Ok(())
            }
            Ok(_) | Err(_) => Err(Problem::Malformed),
        }
    }

    fn deliver<'run>(
        &'run self,
        tx: &'run mut Tx,
        events: &'run [Uuid],
        now: i64,
    ) -> BoxFuture<'run, Result<()>> {
        self.make(tx, events, now).boxed()
    }
}
