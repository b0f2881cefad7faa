//! A plan for visitors: what the engine makes for somebody who is nobody.

use crate::ctx::Ctx;
use crate::{Error, Result};
use domain::engine;
use domain::plan::Plan;
use domain::profile::{Profile, ProfileDraft};
use domain::week::IsoWeek;
use std::sync::Arc;

/// The profile and its plan of the current week.
#[derive(Debug)]
pub struct Sample {
    /// Whose it would be.
    pub profile: Profile,
    /// The plan.
    pub plan: Plan,
}

/// This week's sample, computed once a week and process.
///
/// # Errors
/// Where the engine finds no week.
pub async fn sample(ctx: &Ctx) -> Result<Arc<Sample>> {
    let week = IsoWeek::of_micros(ctx.now());
    // Held while one is computed, so that a crowd computes one.
    let mut kept = ctx.service.sample.lock().await;
    if let Some(sample) = kept.as_ref().filter(|sample| sample.plan.week == week) {
        return Ok(Arc::clone(sample));
    }
    let draft = ProfileDraft {
        sex: Some("FEMALE".to_owned()),
        age: Some(30.0),
        height_cm: Some(165.0),
        weight_kg: Some(62.0),
        activity: Some("MODERATE".to_owned()),
        meals_per_day: Some(4.0),
        ..ProfileDraft::default()
    };
    let profile = draft
        .validate()
        .map_err(|fields| Error::Internal(format!("the sample's profile: {fields:?}")))?;
    let catalogue = Arc::clone(ctx.service.catalogue());
    let sample = tokio::task::spawn_blocking(move || {
        let plan = engine::plan(&profile, week, &catalogue)?;
        Ok::<_, Error>(Arc::new(Sample { profile, plan }))
    })
    .await
    .map_err(Error::internal)??;
    Ok(Arc::clone(kept.insert(sample)))
}
