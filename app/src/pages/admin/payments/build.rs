//! Ways to pay in words.

use super::api::{GatewayChoice, PaymentsView};
use crate::error::AppError;
use crate::words::Words;
use domain::payment::GatewayKind;
use domain::problem::Problem;
use locales::Key;
use service::Ctx;
use service::payments;

pub(super) async fn payments(ctx: &Ctx, campus: &str) -> Result<PaymentsView, AppError> {
    let words = Words(ctx.language);
    let all = payments::all(ctx).await?;
    let shown = if campus.is_empty() {
        all.first()
    } else {
        let found = all.iter().find(|one| one.campus.slug == campus);
        Some(found.ok_or(Problem::NotFound)?)
    };
    let gateways = GatewayKind::ALL
        .into_iter()
        .map(|kind| GatewayChoice {
            key: kind.key().to_owned(),
            title: title(words, kind),
            note: note(ctx, kind),
        })
        .collect();
    let accepted = shown.map_or(&[][..], |one| one.accepted.as_slice());
    Ok(PaymentsView {
        campus: shown.map_or_else(String::new, |one| one.campus.slug.clone()),
        accepted: accepted.iter().map(|kind| kind.key().to_owned()).collect(),
        gateways,
        campuses: all
            .iter()
            .map(|one| {
                let taken = one.accepted.iter();
                let taken: Vec<String> = taken.map(|kind| title(words, *kind)).collect();
                let name = words.of(&one.campus.name);
                (one.campus.slug.clone(), name, taken.join(", "))
            })
            .collect(),
    })
}

fn title(words: Words, kind: GatewayKind) -> String {
    words.name("gateway", kind.key())
}

fn note(ctx: &Ctx, kind: GatewayKind) -> String {
    let words = Words(ctx.language);
    let note = words.t(match kind {
        GatewayKind::Simulated => Key::AdminPaymentsSimulated,
        GatewayKind::Wallet => Key::AdminPaymentsWallet,
        GatewayKind::Stripe => Key::AdminPaymentsStripe,
    });
    if payments::is_set_up(ctx, kind) {
        return note;
    }
    let missing = words.t(match kind {
        GatewayKind::Stripe => Key::AdminPaymentsNoKey,
        GatewayKind::Simulated | GatewayKind::Wallet => Key::AdminPaymentsOff,
    });
    format!("{note} {missing}")
}

/// Ways to pay from their names.
pub(super) fn gateways(keys: &[String]) -> Result<Vec<GatewayKind>, AppError> {
    keys.iter()
        .map(|key| GatewayKind::from_key(key).ok_or_else(|| Problem::Malformed.into()))
        .collect()
}
