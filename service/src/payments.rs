//! Which ways to pay campuses take: what an administrator chooses, as far as the installation has set it up.

use crate::ctx::{Ctx, Mode};
use crate::{Error, Result};
use domain::account::Role;
use domain::invalid::InvalidCode;
use domain::menu::Campus;
use domain::payment::GatewayKind;
use domain::problem::Problem;
use serde_json::Value;
use storage::{Db, Tx, campus, campus_gateway};
use uuid::Uuid;

/// Who chooses.
const CHOOSERS: [Role; 1] = [Role::Admin];

/// What a campus takes.
#[derive(Debug, Clone)]
pub struct CampusPayments {
    /// The campus.
    pub campus: Campus,
    /// What it takes, whether that is set up or not.
    pub accepted: Vec<GatewayKind>,
}

/// Whether whoever asks may choose, so that pages show the way only to them.
#[must_use]
pub fn may_choose(ctx: &Ctx) -> bool {
    ctx.allow(&CHOOSERS).is_ok()
}

/// Whether this installation has set a way to pay up.
#[must_use]
pub fn is_set_up(ctx: &Ctx, kind: GatewayKind) -> bool {
    match kind {
        GatewayKind::Wallet => true,
        // It takes no money: whoever could pay so would eat for nothing.
        GatewayKind::Simulated => {
            ctx.service.mode() == Mode::Demo || ctx.service.settings.gateway.simulated_in_production
        }
        GatewayKind::Stripe => ctx.institution.gateways.has(kind),
    }
}

/// Every campus and what it takes, by slug.
///
/// # Errors
/// For others than administrators as [`Ctx::allow`].
pub async fn all(ctx: &Ctx) -> Result<Vec<CampusPayments>> {
    ctx.allow(&CHOOSERS)?;
    let mut tx = ctx.read().await?;
    let mut accepted = campus_gateway::all(&mut tx).await?;
    let campuses = campus::all(&mut tx).await?;
    Ok(campuses
        .into_iter()
        .map(|campus| CampusPayments {
            accepted: accepted
                .remove(&campus.id)
                .unwrap_or_else(|| GatewayKind::USUAL.into()),
            campus,
        })
        .collect())
}

/// Has a campus take these ways to pay, and no others, where it still takes what whoever chooses has seen.
/// What was ordered before is paid as it was to be. The same again changes nothing.
///
/// # Errors
/// For others than administrators as [`Ctx::allow`]; [`Problem::NotFound`] where there is no such campus;
/// [`Problem::Conflict`] where somebody else has chosen since, and otherwise;
/// at `gateways` [`InvalidCode::Required`] for none, and [`InvalidCode::PaymentNotSetUp`] for one that is
/// new there and not set up, and where none is.
pub async fn accept(
    ctx: &Ctx,
    campus: &str,
    seen: &[GatewayKind],
    gateways: &[GatewayKind],
) -> Result<()> {
    ctx.allow(&CHOOSERS)?;
    let refused = |code| Err(Error::invalid("gateways", code));
    let wanted: Vec<GatewayKind> = GatewayKind::ALL
        .into_iter()
        .filter(|kind| gateways.contains(kind))
        .collect();
    if wanted.is_empty() {
        return refused(InvalidCode::Required);
    }
    let mut tx = ctx.write().await?;
    let campus = campus::by_slug(&mut tx, campus)
        .await?
        .ok_or(Error::Problem(Problem::NotFound))?;
    // Of two who choose at the same moment, one sees what the other has chosen.
    campus_gateway::lock(&mut tx, campus.id).await?;
    let before = of_campus(&mut tx, campus.id).await?;
    let is_now = told(&before);
    if told(seen) != is_now && told(&wanted) != is_now {
        return Err(Problem::Conflict.into());
    }
    let added = |kind: &&GatewayKind| !before.contains(kind);
    let unusable = |kind: &GatewayKind| !is_set_up(ctx, *kind);
    if wanted.iter().filter(added).any(unusable) || wanted.iter().all(unusable) {
        return refused(InvalidCode::PaymentNotSetUp);
    }
    let after = told(&wanted);
    if is_now == after {
        return Ok(());
    }
    campus_gateway::set(&mut tx, campus.id, &wanted).await?;
    ctx.audit_change(&mut tx, ("campus.payments", &campus.slug), &is_now, &after)
        .await?;
    Ok(tx.commit().await?)
}

/// What the audit log tells of what a campus takes.
fn told(accepted: &[GatewayKind]) -> Value {
    GatewayKind::ALL
        .into_iter()
        .map(|kind| (kind.key(), accepted.contains(&kind)))
        .collect()
}

/// How whoever orders at a campus can pay: what it takes and what is set up.
///
/// # Errors
/// [`Problem::NotFound`] where there is no such campus.
pub async fn offered(ctx: &Ctx, campus: &str) -> Result<Vec<GatewayKind>> {
    let mut tx = ctx.read().await?;
    let campus = campus::by_slug(&mut tx, campus)
        .await?
        .ok_or(Error::Problem(Problem::NotFound))?;
    let accepted = of_campus(&mut tx, campus.id).await?;
    Ok(accepted
        .into_iter()
        .filter(|kind| is_set_up(ctx, *kind))
        .collect())
}

/// Who asks cards for money that goes into wallets; nobody where no campus takes cards.
///
/// # Errors
/// Where the database does.
pub async fn card(ctx: &Ctx) -> Result<Option<GatewayKind>> {
    of_cards(ctx, &mut ctx.read().await?).await
}

/// As [`card`], in a transaction.
pub(crate) async fn of_cards(ctx: &Ctx, tx: &mut Tx) -> Result<Option<GatewayKind>> {
    let accepted = campus_gateway::all(tx).await?;
    let campuses = campus::all(tx).await?;
    let takes = |kind: GatewayKind| {
        campuses
            .iter()
            .any(|campus| match accepted.get(&campus.id) {
                Some(accepted) => accepted.contains(&kind),
                None => GatewayKind::USUAL.contains(&kind),
            })
    };
    // Real money before none.
    let cards = [GatewayKind::Stripe, GatewayKind::Simulated];
    Ok(cards
        .into_iter()
        .find(|kind| is_set_up(ctx, *kind) && takes(*kind)))
}

async fn of_campus(tx: &mut Tx, campus: Uuid) -> Result<Vec<GatewayKind>> {
    let mut accepted = campus_gateway::all(tx).await?;
    Ok(accepted
        .remove(&campus)
        .unwrap_or_else(|| GatewayKind::USUAL.into()))
}

/// Refuses to begin where a campus takes cards by Stripe, and nothing says how that is reached.
///
/// # Errors
/// Which campus, and what to do.
pub(crate) async fn refuse_stripe(db: &Db, institution: &str) -> Result<()> {
    let mut tx = db.read().await?;
    let accepted = campus_gateway::all(&mut tx).await?;
    let campuses = campus::all(&mut tx).await?;
    let takes = |campus: &&Campus| {
        let accepted = accepted.get(&campus.id);
        accepted.is_some_and(|accepted| accepted.contains(&GatewayKind::Stripe))
    };
    match campuses.iter().find(takes) {
        Some(campus) => Err(Error::Internal(format!(
            "{institution}: the campus {} takes cards by Stripe, but there is no key. Set \
             NUTRIFLOW_STRIPE_KEY and NUTRIFLOW_STRIPE_WEBHOOK_SECRET",
            campus.slug
        ))),
        None => Ok(()),
    }
}
