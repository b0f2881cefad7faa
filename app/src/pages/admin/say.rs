//! What the panel says of times, jobs and queues, in words.

use crate::error::AppError;
use crate::words::Words;
use domain::invalid::{InvalidCode, InvalidField};
use domain::job::JobState;
use domain::problem::Problem;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use service::Ctx;

/// When something was or will be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moment {
    /// For machines, on the institution's clocks: `2026-11-22T14:05:09`.
    pub datetime: String,
    /// "22 November 2026, 14:05:09".
    pub full: String,
    /// "3 min ago", "in 3 min".
    pub relative: String,
}

impl Moment {
    /// How long ago, and on hover exactly when.
    pub(super) fn relative(self) -> AnyView {
        view! { <time datetime=self.datetime title=self.full>{self.relative}</time> }.into_any()
    }

    /// Exactly when, and how long ago.
    pub(super) fn full(self) -> AnyView {
        view! { <time datetime=self.datetime>{self.full}</time> " " <small class="muted">{self.relative}</small> }
            .into_any()
    }
}

/// Speaks to whoever asks, as of now.
pub(super) struct Say<'a> {
    /// Who asks.
    pub ctx: &'a Ctx,
    /// Their language.
    pub words: Words,
    /// Microseconds since 1970 UTC.
    pub now: i64,
}

impl<'a> Say<'a> {
    pub(super) fn new(ctx: &'a Ctx) -> Self {
        Self {
            ctx,
            words: Words(ctx.language),
            now: ctx.now(),
        }
    }

    /// A moment, in microseconds since 1970 UTC.
    pub(super) fn moment(&self, micros: i64) -> Moment {
        let local = self.ctx.service.local_time(micros);
        let relative = if micros > self.now {
            self.words.until(micros, self.now)
        } else {
            self.words.ago(micros, self.now)
        };
        Moment {
            datetime: format!(
                "{}T{:02}:{:02}:{:02}",
                local.date, local.hour, local.minute, local.second
            ),
            full: self.words.moment(local),
            relative,
        }
    }

    /// The time of day: "14:05".
    pub(super) fn clock(&self, micros: i64) -> String {
        let local = self.ctx.service.local_time(micros);
        format!("{:02}:{:02}", local.hour, local.minute)
    }

    /// A kind of job: "Compute a plan".
    pub(super) fn kind(&self, kind: &str) -> String {
        // A dot in a key parts its table from its name.
        match locales::key(&format!("kind.{}", kind.replace('.', "_"))) {
            Some(key) => self.words.t(key),
            None => kind.to_owned(),
        }
    }

    /// A queue: "Diet plans".
    pub(super) fn queue(&self, queue: &str) -> String {
        self.words.name("queue_name", queue)
    }
}

/// What a state's colour says.
pub(super) const fn tone(state: JobState) -> &'static str {
    match state {
        JobState::Scheduled | JobState::Cancelled => "none",
        JobState::Ready => "blue",
        JobState::Running => "accent",
        JobState::Retrying => "saffron",
        JobState::Succeeded => "leaf",
        JobState::Dead => "beet",
    }
}

/// A whole number that somebody typed into a field.
pub(super) fn whole(field: &str, typed: &str) -> Result<i64, AppError> {
    let refuse = |code| {
        let fields = vec![InvalidField {
            field: field.to_owned(),
            code,
        }];
        AppError::from(Problem::Invalid { fields })
    };
    match typed.trim() {
        "" => Err(refuse(InvalidCode::Required)),
        typed => typed.parse().map_err(|_| refuse(InvalidCode::Malformed)),
    }
}
