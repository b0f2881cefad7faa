//! People in words.

use super::api::{Filter, PeopleView, PersonLine};
use crate::error::AppError;
use crate::pages::admin::list::{address, count, refused, rows, some};
use crate::pages::admin::say::Say;
use domain::account::Role;
use domain::invalid::InvalidCode;
use domain::problem::Problem;
use leptos_router::params::ParamsMap;
use service::Ctx;
use service::people::{self, COUNT_MOST, FOUND_MOST, PeopleFilter, PeopleSort, Person};

impl Filter {
    /// The filter of an address.
    pub(super) fn read(query: &ParamsMap) -> Self {
        let part = |name: &str| query.get(name).unwrap_or_default();
        Self {
            text: part("text"),
            role: part("role"),
            active: part("active"),
            sort: part("sort"),
            size: part("size"),
            after: part("after"),
        }
    }

    /// Whether it leaves something out.
    pub(super) fn is_filtered(&self) -> bool {
        let conditions = [&self.text, &self.role, &self.active];
        conditions.iter().any(|value| !value.is_empty())
    }

    /// An address of this filter, after somebody.
    pub(super) fn address(&self, after: &str) -> String {
        address(
            "/admin/people",
            &[
                ("text", &self.text),
                ("role", &self.role),
                ("active", &self.active),
                ("sort", &self.sort),
                ("size", &self.size),
                ("after", after),
            ],
        )
    }
}

/// The role of a name, as it stands in a field.
pub(super) fn role(field: &str, key: &str) -> Result<Role, AppError> {
    Role::from_key(key).ok_or_else(|| refused(field, InvalidCode::UnknownChoice))
}

pub(super) async fn people(ctx: &Ctx, filter: &Filter) -> Result<PeopleView, AppError> {
    let say = Say::new(ctx);
    let after = match filter.after.as_str() {
        "" => None,
        id => Some(service::plan::parse_id(id)?),
    };
    let of_role = match filter.role.as_str() {
        "" => None,
        key => Some(Role::from_key(key).ok_or(Problem::Malformed)?),
    };
    let active = match filter.active.as_str() {
        "" => None,
        "yes" => Some(true),
        "no" => Some(false),
        _ => return Err(Problem::Malformed.into()),
    };
    let sort = match filter.sort.as_str() {
        "" => PeopleSort::default(),
        key => PeopleSort::from_key(key).ok_or(Problem::Malformed)?,
    };
    let wanted = PeopleFilter {
        text: some(&filter.text),
        role: of_role,
        active,
        sort,
    };
    let page = people::list(ctx, &wanted, after, rows(&filter.size)).await?;
    let most = if wanted.text.is_some() {
        FOUND_MOST
    } else {
        COUNT_MOST
    };
    let standing = active.map_or_else(String::new, |active| active.to_string());
    Ok(PeopleView {
        count: count(say.words, page.count, most),
        next: page.next.map(|id| id.to_string()),
        items: page.items.iter().map(|person| line(&say, person)).collect(),
        file: address(
            "/v1/admin/people/export",
            &[
                ("text", &filter.text),
                ("role", &filter.role),
                ("active", &standing),
                ("sort", &filter.sort),
            ],
        ),
    })
}

pub(super) async fn person(ctx: &Ctx, id: &str) -> Result<PersonLine, AppError> {
    let person = people::get(ctx, service::plan::parse_id(id)?).await?;
    Ok(line(&Say::new(ctx), &person))
}

fn line(say: &Say<'_>, person: &Person) -> PersonLine {
    let role = person.role.key();
    PersonLine {
        id: person.id.to_string(),
        name: person.name.clone(),
        email: person.email.clone(),
        role: (role.to_owned(), say.words.name("role", role)),
        active: person.active,
        own: say.ctx.account_id().is_ok_and(|own| own == person.id),
        since: say.moment(person.created_at),
    }
}
