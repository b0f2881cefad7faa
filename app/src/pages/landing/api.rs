//! The server function of the landing page.

use crate::error::AppError;
use crate::pages::plan::api::DayView;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

/// A day of this week that the engine has planned for somebody who is nobody.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SampleView {
    /// For whom, and which day.
    pub caption: String,
    /// The day.
    pub day: DayView,
}

/// The sample of this week: its day of today.
#[server(endpoint = "sample")]
pub async fn get_sample() -> Result<SampleView, AppError> {
    use crate::words::Words;
    use locales::Key;
    let ctx = crate::context::ctx()?;
    let sample = service::sample(&ctx).await?;
    let words = Words(ctx.language);
    let today = domain::week::weekday_of_micros(ctx.now());
    let day =
        crate::pages::plan::build::day_of(words, &sample.plan, today, ctx.service.catalogue());
    let profile = &sample.profile;
    let caption = words.fill(
        Key::LandingSample,
        &[
            ("weekday", &day.weekday),
            ("age", &profile.age.to_string()),
            ("height", &profile.height_cm.to_string()),
            ("weight", &profile.weight_kg.rounded().to_string()),
        ],
    );
    Ok(SampleView { caption, day })
}
