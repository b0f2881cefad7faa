//! A delivery in words.

use super::api::DeliveryView;
use crate::error::AppError;
use crate::pages::admin::deliveries;
use crate::pages::admin::say::Say;
use domain::notification::{Channel, DeliveryState};
use service::Ctx;
use service::notify::{self, viewer};

pub(super) async fn delivery(ctx: &Ctx, id: &str) -> Result<DeliveryView, AppError> {
    let say = Say::new(ctx);
    let view = notify::get(ctx, service::plan::parse_id(id)?).await?;
    let delivery = &view.delivery;
    let content = view.content;
    let tag = delivery.language.tag();
    let reference = delivery.reference.clone().unwrap_or_default();
    Ok(DeliveryView {
        line: deliveries::line(&say, delivery),
        member: view.member,
        language: say.words.name("language_name", tag),
        lang: tag.to_owned(),
        kept_here: reference == viewer::REFERENCE,
        reference,
        order: delivery
            .payload
            .order_id
            .map(|order| format!("/orders/{order}"))
            .unwrap_or_default(),
        jobs: format!("/admin/jobs?subject=delivery:{}", delivery.id),
        request_id: delivery.request_id.clone(),
        happened: say.moment(delivery.at),
        sent: delivery.sent_at.map(|at| say.moment(at)),
        subject: content.subject,
        text: match delivery.channel {
            Channel::Email => content.text,
            Channel::Sms => content.short,
            Channel::Push => content.push,
        },
        html: (delivery.channel == Channel::Email).then_some(content.html),
        may_repeat: notify::may_repeat(ctx) && delivery.state != DeliveryState::Queued,
    })
}
