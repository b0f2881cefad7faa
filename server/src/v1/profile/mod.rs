//! The member's profile.

pub mod get;
pub mod put;

use domain::profile::Profile;
use domain::target::{Targets, targets};
use serde::Serialize;
use utoipa::ToSchema;

/// A profile, and what it asks of a day.
#[derive(Serialize, ToSchema)]
pub struct ProfileResponse {
    /// The profile.
    #[serde(flatten)]
    profile: Profile,
    /// What a day must reach, and must not exceed.
    targets: Targets,
}

impl From<Profile> for ProfileResponse {
    fn from(profile: Profile) -> Self {
        Self {
            targets: targets(&profile),
            profile,
        }
    }
}
