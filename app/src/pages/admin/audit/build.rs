//! The audit log in words.

use super::api::{AuditLine, AuditView, Filter};
use crate::error::AppError;
use crate::pages::admin::list::{address, count, moment, rows, some, wire_moment};
use crate::pages::admin::say::Say;
use leptos_router::params::ParamsMap;
use locales::Key;
use serde_json::Value;
use service::Ctx;
use service::audit::{self, ACTIONS, AuditEntry, AuditFilter, COUNT_MOST};

impl Filter {
    /// The filter of an address.
    pub(super) fn read(query: &ParamsMap) -> Self {
        let part = |name: &str| query.get(name).unwrap_or_default();
        Self {
            actor: part("actor"),
            action: part("action"),
            subject: part("subject"),
            since: part("since"),
            until: part("until"),
            size: part("size"),
            after: part("after"),
        }
    }

    /// Whether it leaves something out.
    pub(super) fn is_filtered(&self) -> bool {
        let conditions = [
            &self.actor,
            &self.action,
            &self.subject,
            &self.since,
            &self.until,
        ];
        conditions.iter().any(|value| !value.is_empty())
    }

    /// An address of this filter, after an entry.
    pub(super) fn address(&self, after: &str) -> String {
        address(
            "/admin/audit",
            &[
                ("actor", &self.actor),
                ("action", &self.action),
                ("subject", &self.subject),
                ("since", &self.since),
                ("until", &self.until),
                ("size", &self.size),
                ("after", after),
            ],
        )
    }
}

pub(super) async fn audit(ctx: &Ctx, filter: &Filter) -> Result<AuditView, AppError> {
    let say = Say::new(ctx);
    let after = match filter.after.as_str() {
        "" => None,
        id => Some(service::plan::parse_id(id)?),
    };
    let wanted = AuditFilter {
        actor: some(&filter.actor),
        action: some(&filter.action),
        subject: some(&filter.subject),
        since: moment(ctx, &filter.since)?,
        until: moment(ctx, &filter.until)?,
    };
    let page = audit::list(ctx, &wanted, after, rows(&filter.size)).await?;
    let (since, until) = (
        wire_moment(ctx, &filter.since),
        wire_moment(ctx, &filter.until),
    );
    Ok(AuditView {
        count: count(say.words, page.count, COUNT_MOST),
        next: page.next.map(|id| id.to_string()),
        items: page.items.iter().map(|entry| line(&say, entry)).collect(),
        file: address(
            "/v1/admin/audit/export",
            &[
                ("actor", &filter.actor),
                ("action", &filter.action),
                ("subject", &filter.subject),
                ("since", &since),
                ("until", &until),
            ],
        ),
        actions: ACTIONS.iter().map(|action| (*action).to_owned()).collect(),
    })
}

fn line(say: &Say<'_>, entry: &AuditEntry) -> AuditLine {
    let actor = match (&entry.actor, entry.actor_id) {
        (Some(name), Some(id)) => (name.clone(), id.to_string()),
        // Somebody whose account is no more.
        (None, Some(id)) => (id.to_string(), id.to_string()),
        _ => (say.words.t(Key::AuditSystem), String::new()),
    };
    // A dot in a key parts its table from its name.
    let known = locales::key(&format!("audit_action.{}", entry.action.replace('.', "_")));
    let words = known.map_or_else(|| entry.action.clone(), |key| say.words.t(key));
    AuditLine {
        id: entry.id.to_string(),
        when: say.moment(entry.at),
        actor,
        action: (words, entry.action.clone()),
        subject: (entry.subject.clone(), place(&entry.action, &entry.subject)),
        changes: changes(entry.difference.as_ref()),
    }
}

/// Where what an action was done to is seen.
fn place(action: &str, subject: &str) -> String {
    let is_id = subject.parse::<uuid::Uuid>().is_ok();
    match action.split('.').next().unwrap_or_default() {
        "order" | "payment" if is_id => format!("/admin/orders/{subject}"),
        "menu" if is_id => format!("/admin/menu/{subject}"),
        "job" if is_id => format!("/admin/jobs/{subject}"),
        "stock" if is_id => format!("/admin/stock/{subject}"),
        "person" | "account" | "wallet" if is_id => format!("/admin/people/{subject}"),
        "campus" => format!("/admin/campuses/{subject}"),
        "delivery" => subject
            .strip_prefix("delivery:")
            .map_or_else(String::new, |id| format!("/admin/deliveries/{id}")),
        "queue" => format!("/admin/queues/{subject}"),
        _ => String::new(),
    }
}

fn changes(difference: Option<&Value>) -> Vec<(String, String, String)> {
    let Some(Value::Object(changed)) = difference else {
        return Vec::new();
    };
    changed
        .iter()
        .map(|(path, change)| {
            let part = |name: &str| change.get(name).map_or_else(String::new, value_text);
            (path.clone(), part("before"), part("after"))
        })
        .collect()
}

/// A value as people read it: a text without quotes, nothing as a dash.
fn value_text(value: &Value) -> String {
    match value {
        Value::Null => "–".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_changed_is_read_as_people_read_it() {
        let difference = json!({ "price": { "before": 450, "after": null }, "name.en": { "before": "Soup", "after": "Stew" } });
        assert_eq!(
            changes(Some(&difference)),
            [
                ("name.en".to_owned(), "Soup".to_owned(), "Stew".to_owned()),
                ("price".to_owned(), "450".to_owned(), "–".to_owned()),
            ]
        );
        assert_eq!(changes(None), []);
    }

    #[test]
    fn an_entry_leads_to_what_it_is_about() {
        let id = "0197a5c4-0000-7000-8000-000000000000";
        assert_eq!(place("order.cancel", id), format!("/admin/orders/{id}"));
        assert_eq!(place("campus.edit", "north"), "/admin/campuses/north");
        assert_eq!(
            place("delivery.repeat", &format!("delivery:{id}")),
            format!("/admin/deliveries/{id}")
        );
        assert_eq!(place("stock.import", "7 lines"), "");
    }

    #[test]
    fn every_action_has_its_words() {
        for action in ACTIONS {
            let key = format!("audit_action.{}", action.replace('.', "_"));
            assert!(locales::key(&key).is_some(), "{key}");
        }
    }
}
