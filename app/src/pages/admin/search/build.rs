//! What was found, in words.

use super::api::HitView;
use crate::context::number;
use crate::error::AppError;
use crate::pages::admin::frame::sections;
use crate::pages::admin::say::Say;
use domain::account::Role;
use domain::text::folded;
use locales::Key;
use service::Ctx;
use service::search::{self, Hit};

pub(super) async fn hits(ctx: &Ctx, text: &str) -> Result<Vec<HitView>, AppError> {
    let found = search::search(ctx, text).await?;
    let say = Say::new(ctx);
    let mut hits = pages(&say, text);
    hits.extend(found.into_iter().map(|hit| view(&say, hit)));
    Ok(hits)
}

/// The panel's pages and the kitchen, where they let whoever asks in and their names have each word.
fn pages(say: &Say<'_>, text: &str) -> Vec<HitView> {
    let text = folded(text);
    let cooks = say.ctx.allow(&[Role::Staff, Role::Admin]).is_ok();
    let kitchen = cooks.then_some((Key::KitchenTitle, "/kitchen"));
    sections(say.ctx)
        .into_iter()
        .chain(kitchen)
        .map(|(key, href)| (say.words.t(key), href))
        .filter(|(title, _)| {
            let title = folded(title);
            text.split_whitespace().all(|word| title.contains(word))
        })
        .map(|(title, href)| HitView {
            kind: say.words.t(Key::PalettePage),
            title,
            note: String::new(),
            href: href.to_owned(),
        })
        .collect()
}

fn view(say: &Say<'_>, hit: Hit) -> HitView {
    let words = say.words;
    match hit {
        Hit::Order {
            id,
            number: called,
            state,
            member,
            slot_at,
        } => {
            let slot = say.ctx.service.local_time(slot_at);
            let slot = format!("{}, {}", words.date(slot.date), words.clock(slot));
            let state = words.name("order_state", state.key());
            HitView {
                kind: words.t(Key::PaletteOrder),
                title: words.fill(Key::OrderTitle, &[("number", &number(called))]),
                note: [member, state, slot].join(" · "),
                href: format!("/admin/orders/{id}"),
            }
        }
        Hit::Dish { id, name } => HitView {
            kind: words.t(Key::PaletteDish),
            title: words.of(&name),
            note: String::new(),
            href: format!("/dishes/{id}"),
        },
        Hit::Person { id, name, email } => HitView {
            kind: words.t(Key::PalettePerson),
            title: name,
            note: email,
            href: format!("/admin/people/{id}"),
        },
        Hit::Job {
            id,
            kind,
            state,
            subject,
        } => {
            let state = words.name("job_state", state);
            let subject = subject.unwrap_or_default();
            let note = [state, subject];
            let note: Vec<String> = note.into_iter().filter(|part| !part.is_empty()).collect();
            HitView {
                kind: words.t(Key::PaletteJob),
                title: say.kind(&kind),
                note: note.join(" · "),
                href: format!("/admin/jobs/{id}"),
            }
        }
    }
}
