//! A campus' menu in words.

use super::api::{Filter, MenuLine, MenuView};
use crate::context::number;
use crate::error::AppError;
use crate::pages::admin::list::{address, rows, some};
use crate::words::Words;
use domain::menu::Sale;
use domain::problem::Problem;
use leptos_router::params::ParamsMap;
use locales::Key;
use service::Ctx;
use service::menu::{self, ItemRecord, MenuSort, RecordFilter, Standing};

/// What says that the order is the other way round.
pub(super) const DESCENDING: &str = "DESC";

impl Filter {
    /// The filter of an address.
    pub(super) fn read(query: &ParamsMap) -> Self {
        let part = |name: &str| query.get(name).unwrap_or_default();
        Self {
            campus: part("campus"),
            text: part("text"),
            kind: part("kind"),
            standing: part("standing"),
            sort: part("sort"),
            order: part("order"),
            size: part("size"),
            page: part("page"),
        }
    }

    /// Whether it leaves something of the menu out.
    pub(super) fn is_filtered(&self) -> bool {
        let conditions = [&self.text, &self.kind, &self.standing];
        conditions.iter().any(|value| !value.is_empty())
    }

    /// Which page is shown.
    pub(super) fn page(&self) -> i64 {
        self.page.parse().unwrap_or(1).max(1)
    }

    /// An address of this filter, on a page.
    pub(super) fn address(&self, page: i64) -> String {
        let page = if page > 1 {
            page.to_string()
        } else {
            String::new()
        };
        address(
            "/admin/menu",
            &[
                ("campus", &self.campus),
                ("text", &self.text),
                ("kind", &self.kind),
                ("standing", &self.standing),
                ("sort", &self.sort),
                ("order", &self.order),
                ("size", &self.size),
                ("page", &page),
            ],
        )
    }
}

pub(super) async fn menu(ctx: &Ctx, filter: &Filter) -> Result<MenuView, AppError> {
    let words = Words(ctx.language);
    let sort = match filter.sort.as_str() {
        "" => MenuSort::default(),
        key => MenuSort::from_key(key).ok_or(Problem::Malformed)?,
    };
    let wanted = RecordFilter {
        campus: some(&filter.campus),
        text: some(&filter.text),
        kind: some(&filter.kind),
        standing: some(&filter.standing),
        sort,
        descending: filter.order == DESCENDING,
        page: filter.page(),
        limit: rows(&filter.size),
    };
    let records = menu::records(ctx, &wanted).await?;
    let campus = records.campus.as_ref();
    let currency = campus.map_or("", |campus| campus.currency.as_str());
    let slug = campus.map_or("", |campus| campus.slug.as_str());
    let count = match records.count {
        0 => words.t(Key::ListsCountNone),
        1 => words.t(Key::ListsCountOne),
        count => words.fill(Key::ListsCount, &[("count", &number(count))]),
    };
    let descending = if wanted.descending { "true" } else { "" };
    Ok(MenuView {
        items: records
            .items
            .iter()
            .map(|record| line(words, currency, record))
            .collect(),
        count,
        pages: records.pages,
        file: address(
            "/v1/admin/menu-items/export",
            &[
                ("campus", slug),
                ("text", &filter.text),
                ("kind", &filter.kind),
                ("standing", &filter.standing),
                ("sort", &filter.sort),
                ("descending", descending),
            ],
        ),
        campus: (
            slug.to_owned(),
            campus.map_or_else(String::new, |campus| words.of(&campus.name)),
        ),
        campuses: records
            .campuses
            .iter()
            .map(|(slug, name)| (slug.clone(), words.of(name)))
            .collect(),
        may_edit: menu::may_edit(ctx),
    })
}

fn line(words: Words, currency: &str, record: &ItemRecord) -> MenuLine {
    let item = &record.item;
    let standing = record.standing();
    let tone = match standing {
        Standing::Active => "leaf",
        Standing::Inactive => "none",
        Standing::Deleted => "beet",
    };
    MenuLine {
        id: item.id.to_string(),
        name: words.of(&item.name),
        kind: words.name("stock_kind", item.kind.key()),
        price: words.price(item.price, currency),
        sale: sale_text(words, &item.sale),
        groups: number(item.options.groups.len() as i64),
        left: number(record.left),
        standing: (tone.to_owned(), words.name("standing", standing.key())),
    }
}

/// "Mon, Tue, Wed · 11:30–17:00"; of all days and all day nothing is said.
pub(in crate::pages::admin) fn sale_text(words: Words, sale: &Sale) -> String {
    let mut parts = Vec::new();
    if sale.days.len() < 7 {
        let days = sale
            .days
            .iter()
            .map(|day| words.weekday_short(*day as usize));
        parts.push(days.collect::<Vec<_>>().join(", "));
    }
    if (sale.from, sale.until) != (0, 1440) {
        parts.push(format!("{}–{}", clock(sale.from), clock(sale.until)));
    }
    if parts.is_empty() {
        words.t(Key::MenuEditorAlways)
    } else {
        parts.join(" · ")
    }
}

/// A minute of the day: "07:30".
pub(in crate::pages::admin) fn clock(minute: i64) -> String {
    format!("{:02}:{:02}", minute / 60, minute % 60)
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::text::Language;

    #[test]
    fn when_something_is_sold_is_said_shortly() {
        let english = Words(Language::En);
        let mut sale = Sale::always();
        assert!(!sale_text(english, &sale).contains(':'));
        sale.days = [0, 4].into();
        sale.from = 690;
        assert_eq!(sale_text(english, &sale), "Mon, Fri · 11:30–24:00");
    }
}
