//! What happens, as it happens: a WebSocket.

use crate::http::problem::{ApiError, ProblemDocument};
use crate::http::request;
use crate::v1::body::Parameters;
use crate::v1::time::rfc3339;
use axum::Extension;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, WebSocketUpgrade, close_code};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse as _, Response};
use domain::event::EventPayload;
use domain::problem::Problem;
use domain::text::Localized;
use serde::{Deserialize, Serialize};
use service::Ctx;
use service::live::{self, Beginning, Followed, Following, Next};
use std::time::Duration;
use tokio::time::{MissedTickBehavior, interval, timeout};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// How often each side shows that it is there. A client that has shown nothing for twice as long is gone.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// How long a client may take to read what it is sent.
const SENDING_MOST: Duration = Duration::from_secs(10);
/// The largest message that is read: a client has nothing to say.
const MESSAGE_MOST: usize = 1024;

/// Where to begin.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Begin {
    /// The `id` of the last message that you know: what came after it is sent first. From now on where
    /// nothing is said.
    after: Option<i64>,
}

/// A message. What its kind is not about is absent.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EventMessage {
    /// Grows by one from event to event of the institution; of those that are not yours you get none.
    /// Ask with `after` for what came after it. A heartbeat has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<i64>,
    /// `ORDER_CREATED`, `ORDER_STEP`, `ORDER_CONFIRMED`, `ORDER_PREPARING`, `ORDER_READY`,
    /// `ORDER_COLLECTED`, `ORDER_CANCELLED`, `PAYMENT_CHARGED`, `PAYMENT_DECLINED`, `PAYMENT_REFUNDED`,
    /// `STOCK_LOW`, `SUBSTITUTE_OFFERED`, `SUBSTITUTE_ACCEPTED`; and of the connection itself: first of all
    /// `CONNECTED`, or `RESET` where what came after the `after` that you gave is no longer known and all
    /// that you show has to be read anew; then `HEARTBEAT` every 15 seconds.
    kind: String,
    /// When it happened.
    at: String,
    /// Whether it is about something of your own.
    #[serde(skip_serializing_if = "Option::is_none")]
    own: Option<bool>,
    /// Where.
    #[serde(skip_serializing_if = "Option::is_none")]
    campus_id: Option<Uuid>,
    /// Which order.
    #[serde(skip_serializing_if = "Option::is_none")]
    order_id: Option<Uuid>,
    /// What is called out at the counter.
    #[serde(skip_serializing_if = "Option::is_none")]
    number: Option<i64>,
    /// Where, by its name in each language.
    #[serde(skip_serializing_if = "Option::is_none")]
    campus: Option<Localized<String>>,
    /// When it is to be collected.
    #[serde(skip_serializing_if = "Option::is_none")]
    slot_at: Option<String>,
    /// Which step of the order.
    #[serde(skip_serializing_if = "Option::is_none")]
    step: Option<String>,
    /// `DO` or `UNDO`, of the step.
    #[serde(skip_serializing_if = "Option::is_none")]
    direction: Option<String>,
    /// Why it was cancelled, or the payment declined.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// How much was charged or given back, in minor units.
    #[serde(skip_serializing_if = "Option::is_none")]
    amount: Option<i64>,
    /// ISO 4217, of the amount.
    #[serde(skip_serializing_if = "Option::is_none")]
    currency: Option<String>,
    /// Which menu item.
    #[serde(skip_serializing_if = "Option::is_none")]
    item_id: Option<Uuid>,
    /// What that is called, in each language.
    #[serde(skip_serializing_if = "Option::is_none")]
    item: Option<Localized<String>>,
    /// How many portions of it nobody has reserved.
    #[serde(skip_serializing_if = "Option::is_none")]
    available: Option<i64>,
}

impl EventMessage {
    fn new(kind: impl Into<String>, at: i64, payload: EventPayload) -> Self {
        Self {
            id: None,
            kind: kind.into(),
            at: rfc3339(at),
            own: None,
            campus_id: None,
            order_id: payload.order_id,
            number: payload.number,
            campus: payload.campus,
            slot_at: payload.slot_at.map(rfc3339),
            step: payload.step,
            direction: payload.direction,
            reason: payload.reason,
            amount: payload.amount,
            currency: payload.currency,
            item_id: payload.item_id,
            item: payload.item,
            available: payload.available,
        }
    }

    fn of(event: &Followed, own: bool) -> Self {
        Self {
            id: Some(event.sequence),
            own: Some(own),
            campus_id: event.campus_id,
            ..Self::new(event.kind.clone(), event.at, event.payload.clone())
        }
    }

    /// Of the connection itself.
    fn of_connection(kind: &str, id: Option<i64>, at: i64) -> Self {
        Self {
            id,
            ..Self::new(kind, at, EventPayload::default())
        }
    }

    fn message(&self) -> Message {
        // Texts and numbers always have a JSON form.
        Message::text(serde_json::to_string(self).unwrap_or_default())
    }
}

/// Who asked, so that it can be asked again whether they still may.
struct Credentials {
    ctx: Ctx,
    headers: HeaderMap,
}

impl Credentials {
    fn new(ctx: Ctx, headers: &HeaderMap) -> Self {
        let kept = [header::AUTHORIZATION, header::COOKIE];
        let of = |name: &header::HeaderName| {
            let values = headers.get_all(name).iter();
            values
                .map(|value| (name.clone(), value.clone()))
                .collect::<Vec<_>>()
        };
        Self {
            ctx,
            headers: kept.iter().flat_map(of).collect(),
        }
    }

    /// Whether they are still who they were. While the database is away nobody is sent off.
    async fn hold(&self) -> bool {
        match request::actor(&self.ctx, &self.headers).await {
            Ok(actor) => actor == self.ctx.actor,
            Err(problem) => problem == Problem::Unavailable,
        }
    }
}

/// Follows what happens to your orders; as staff or administrator, to everybody's, and to the stock.
///
/// Each message is a text of JSON. After a lost connection ask with `after` for what you missed: there is
/// no gap. The connection is closed with 1001 when the server stops, 1008 when you have signed out or
/// your token has expired, 1013 when you read too slowly; come again.
#[utoipa::path(
    get, path = "/v1/events", tag = "events", params(Begin),
    responses(
        (status = 101, description = "Messages follow", body = EventMessage),
        (status = 400, description = "Not a request for a WebSocket", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 401, description = "Not signed in", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 403, description = "Caused by a page of another origin", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "A parameter is refused", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 429, description = "You follow in too many places", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 503, description = "Come again", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn events(
    Extension(ctx): Extension<Ctx>,
    headers: HeaderMap,
    Parameters(begin): Parameters<Begin>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, ApiError> {
    // A browser sends a cookie along whichever page opens the socket, but a token only its own page has.
    let by_cookie = !headers.contains_key(header::AUTHORIZATION);
    if by_cookie && !request::own_origin(&headers) {
        return Err(Problem::Forbidden.into());
    }
    ctx.account_id()?;
    let upgrade = match upgrade {
        Ok(upgrade) => upgrade,
        Err(rejection) => return Ok(rejection.into_response()),
    };
    let mut following = live::follow(&ctx, begin.after).await?;
    let credentials = Credentials::new(ctx, &headers);
    Ok(upgrade
        .max_message_size(MESSAGE_MOST)
        .max_frame_size(MESSAGE_MOST)
        .on_upgrade(async move |mut socket| {
            let code = serve(&mut socket, &mut following, &credentials).await;
            if let Some((code, reason)) = code {
                let frame = CloseFrame {
                    code,
                    reason: Utf8Bytes::from_static(reason),
                };
                // It may have gone.
                let _ = timeout(SENDING_MOST, socket.send(Message::Close(Some(frame)))).await;
            }
        }))
}

/// Sends what happens until one of both sides has enough; gives with what to close, where the other side
/// is still there.
async fn serve(
    socket: &mut WebSocket,
    following: &mut Following,
    credentials: &Credentials,
) -> Option<(u16, &'static str)> {
    let service = &credentials.ctx.service;
    let (kind, id) = match following.beginning() {
        Beginning::After(id) => ("CONNECTED", id),
        Beginning::Anew(id) => ("RESET", id),
    };
    let first = EventMessage::of_connection(kind, Some(id), service.now());
    send(socket, first.message()).await?;
    let mut heartbeat = interval(HEARTBEAT);
    heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    // Its first tick is at once.
    heartbeat.tick().await;
    let mut heard = true;
    loop {
        tokio::select! {
            next = following.next() => match next {
                Ok(Next::Event(event)) => {
                    let own = following.is_own(&event);
                    send(socket, EventMessage::of(&event, own).message()).await?;
                }
                Ok(Next::Behind) => return Some((close_code::AGAIN, "too slow")),
                Ok(Next::Closing) => return Some((close_code::AWAY, "the server stops")),
                Err(error) => {
                    // It is logged where it becomes a problem.
                    let _ = Problem::from(error);
                    return Some((close_code::AGAIN, "unavailable"));
                }
            },
            received = socket.recv() => match received {
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => heard = true,
                Some(Ok(Message::Text(_) | Message::Binary(_))) => {
                    return Some((close_code::POLICY, "nothing is read here"));
                }
                // Its own goodbye is answered by the protocol.
                Some(Ok(Message::Close(_)) | Err(_)) | None => return None,
            },
            _ = heartbeat.tick() => {
                if !std::mem::take(&mut heard) {
                    return None;
                }
                if !credentials.hold().await {
                    return Some((close_code::POLICY, "signed out"));
                }
                // Browsers answer a ping, but do not show it to the page.
                let beat = EventMessage::of_connection("HEARTBEAT", None, service.now());
                send(socket, beat.message()).await?;
                send(socket, Message::Ping(Vec::new().into())).await?;
            }
        }
    }
}

/// Sends a message; nothing where the other side does not take it.
async fn send(socket: &mut WebSocket, message: Message) -> Option<()> {
    timeout(SENDING_MOST, socket.send(message)).await.ok()?.ok()
}
