//! The demo's accounts, and its campuses.

use crate::account::{Register, create_with_role};
use crate::ctx::{Actor, Ctx, Service};
use crate::{Error, Result};
use domain::account::Role;
use domain::invalid::InvalidCode;
use domain::problem::Problem;
use domain::profile::ProfileDraft;
use std::sync::Arc;

/// An account that everybody may use to try the product.
#[derive(Debug, Clone, Copy)]
pub struct DemoAccount {
    /// What to call it.
    pub name: &'static str,
    /// Its address.
    pub email: &'static str,
    /// Its password.
    pub password: &'static str,
    /// What it may do.
    pub role: Role,
}

/// The demo's accounts: one of each role that people have.
pub const ACCOUNTS: [DemoAccount; 4] = [
    DemoAccount {
        name: "Maya Ríos",
        email: "member@demo.nutriflow.org",
        password: "member-demo",
        role: Role::Member,
    },
    DemoAccount {
        name: "Sam Ortega",
        email: "staff@demo.nutriflow.org",
        password: "staff-demo",
        role: Role::Staff,
    },
    DemoAccount {
        name: "Ada Núñez",
        email: "admin@demo.nutriflow.org",
        password: "admin-demo",
        role: Role::Admin,
    },
    DemoAccount {
        name: "Omar Vega",
        email: "operator@demo.nutriflow.org",
        password: "operator-demo",
        role: Role::Operator,
    },
];

/// Makes the demo's accounts where they are absent, the member's profile, and the campuses.
pub(crate) async fn seed(service: &Arc<Service>) -> Result<()> {
    let institution = service.institution(None)?;
    let ctx = Ctx::system(service, institution, "demo");
    for account in ACCOUNTS {
        let known = storage::account::by_email(&mut ctx.read().await?, account.email).await?;
        if known.is_some() {
            continue;
        }
        let register = Register {
            name: account.name.to_owned(),
            email: account.email.to_owned(),
            password: account.password.to_owned(),
        };
        match create_with_role(&ctx, register, account.role).await {
            Ok(id) if account.role == Role::Member => {
                let member = Ctx {
                    actor: Actor::Account {
                        id,
                        role: account.role,
                    },
                    ..ctx.clone()
                };
                crate::profile::put(&member, &member_profile()).await?;
            }
            Ok(_) => {}
            // Another process of the same database was faster.
            Err(Error::Problem(Problem::Invalid { fields }))
                if fields
                    .iter()
                    .any(|field| field.code == InvalidCode::EmailTaken) => {}
            Err(error) => return Err(error),
        }
    }
    crate::menu::seed(&ctx).await
}

/// The demo member's profile, so that their week is one click away.
fn member_profile() -> ProfileDraft {
    ProfileDraft {
        sex: Some("FEMALE".to_owned()),
        age: Some(21.0),
        height_cm: Some(165.0),
        weight_kg: Some(62.0),
        activity: Some("MODERATE".to_owned()),
        meals_per_day: Some(4.0),
        ..ProfileDraft::default()
    }
}
