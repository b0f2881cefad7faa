//! The stock table in words.

use super::api::{Correcting, StockLine, StockView};
use super::filter::Filter;
use crate::context::{local_path, number};
use crate::error::AppError;
use crate::pages::admin::say::whole;
use crate::words::Words;
use locales::Key;
use service::Ctx;
use service::stock::{self, Shortage, StockItem};

pub(super) async fn stock(
    ctx: &Ctx,
    filter: &Filter,
    correct: &str,
) -> Result<StockView, AppError> {
    let words = Words(ctx.language);
    let list = stock::list(ctx, &filter.query()?).await?;
    let mut items: Vec<StockLine> = list.items.iter().map(|item| line(words, item)).collect();
    let correcting = match correct {
        "" => None,
        id => {
            let (item, last) = stock::to_correct(ctx, service::plan::parse_id(id)?).await?;
            let id = item.id.to_string();
            // It may have moved to another page meanwhile.
            if items.iter().all(|line| line.id != id) {
                items.insert(0, line(words, &item));
            }
            Some(Correcting {
                id,
                name: words.of(&item.name),
                seen: item.level.on_hand(),
                last: last.to_string(),
                key: ctx.service.next_id().to_string(),
            })
        }
    };
    let count = match list.count {
        0 => words.t(Key::StockCountNone),
        1 => words.t(Key::StockCountOne),
        count => words.fill(Key::StockCount, &[("count", &number(count))]),
    };
    let campuses = list.campuses.into_iter();
    Ok(StockView {
        items,
        count,
        pages: list.pages,
        any: list.any,
        low: list.low,
        out: list.out,
        campuses: campuses
            .map(|(slug, name)| (slug, words.of(&name)))
            .collect(),
        correcting,
    })
}

fn line(words: Words, item: &StockItem) -> StockLine {
    let about = format!(
        "{} · {}",
        words.of(&item.campus_name),
        kind_name(words, item)
    );
    StockLine {
        id: item.id.to_string(),
        name: words.of(&item.name),
        about,
        active: item.active,
        on_hand: item.level.on_hand(),
        reserved: item.level.reserved(),
        available: item.level.available(),
        mark: shortage_mark(words, item),
    }
}

/// "Dish".
pub(in crate::pages::admin) fn kind_name(words: Words, item: &StockItem) -> String {
    words.name("stock_kind", item.kind.key())
}

/// The tone and the word of how little is left of an item.
pub(in crate::pages::admin) fn shortage_mark(
    words: Words,
    item: &StockItem,
) -> Option<(String, String)> {
    let (shortage, tone) = if item.is(Shortage::Out) {
        (Shortage::Out, "beet")
    } else if item.is(Shortage::Low) {
        (Shortage::Low, "saffron")
    } else {
        return None;
    };
    Some((tone.to_owned(), words.name("shortage", shortage.key())))
}

/// So many portions, as somebody typed them; nothing where they typed nothing.
pub(in crate::pages::admin) fn portions(field: &str, typed: &str) -> Result<Option<i64>, AppError> {
    // Minus as it is written here, too.
    match typed.trim().replace('−', "-").as_str() {
        "" => Ok(None),
        typed => whole(field, typed).map(Some),
    }
}

/// A key that a form brings.
pub(in crate::pages::admin) fn given(key: &str) -> Option<&str> {
    Some(key).filter(|key| !key.is_empty())
}

/// The address of the table that a form came from, with what is said besides.
pub(super) fn back(address: &str, besides: &str) -> String {
    let address = local_path(address)
        .filter(|path| *path == "/admin/stock" || path.starts_with("/admin/stock?"))
        .unwrap_or("/admin/stock");
    let sign = if address.contains('?') { '&' } else { '?' };
    format!("{address}{sign}{besides}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_leads_back_to_the_table_and_nowhere_else() {
        for (from, to) in [
            ("/admin/stock", "/admin/stock?corrected=1"),
            (
                "/admin/stock?sort=AVAILABLE",
                "/admin/stock?sort=AVAILABLE&corrected=1",
            ),
            ("/admin/stockings", "/admin/stock?corrected=1"),
            (
                "https://elsewhere.example/admin/stock",
                "/admin/stock?corrected=1",
            ),
            ("", "/admin/stock?corrected=1"),
        ] {
            assert_eq!(back(from, "corrected=1"), to, "{from}");
        }
    }
}
