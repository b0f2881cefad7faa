//! The form while somebody fills it in: what it means, what it changed, what to say about it.

use super::browser;
use super::form::{Answers, STEPS, step_of};
use crate::components::form::{FormState, same_field};
use domain::invalid::{InvalidCode, InvalidField};
use domain::problem::Problem;
use domain::profile::Profile;
use domain::target::{self, Targets};
use leptos::html;
use leptos::prelude::*;

/// What the parts of the page share.
#[derive(Clone, Copy)]
pub struct Live {
    /// What stands in the form.
    pub answers: RwSignal<Answers>,
    /// What it means.
    pub profile: Memo<Result<Profile, Vec<InvalidField>>>,
    /// The targets of the last answers that meant something.
    pub targets: RwSignal<Option<Targets>>,
    /// And those before them.
    pub before: RwSignal<Option<Targets>>,
    /// The step that is shown; `None` shows all of them, until the browser has taken over.
    pub step: RwSignal<Option<usize>>,
    /// An element within the form.
    pub node: NodeRef<html::Div>,
    form: FormState,
    /// Fields that somebody has been at; only these are told to be filled in.
    touched: StoredValue<Vec<String>>,
    /// What is said at the fields now.
    shown: StoredValue<Vec<InvalidField>>,
}

impl Live {
    /// Begins with these answers, within the form.
    pub fn start(answers: Answers) -> Self {
        let answers = RwSignal::new(answers);
        let profile = Memo::new(move |_| answers.with(Answers::profile));
        let known = profile.with_untracked(|it| it.as_ref().ok().map(target::targets));
        let live = Self {
            answers,
            profile,
            targets: RwSignal::new(known),
            before: RwSignal::new(None),
            step: RwSignal::new(None),
            node: NodeRef::new(),
            form: FormState::current(),
            touched: StoredValue::new(Vec::new()),
            shown: StoredValue::new(Vec::new()),
        };
        Effect::new(move || live.follow());
        Effect::new(move || live.hear_refusal());
        live
    }

    /// Computes the targets of sound answers anew.
    fn follow(self) {
        let Some(now) = self
            .profile
            .with(|it| it.as_ref().ok().map(target::targets))
        else {
            return;
        };
        let known = self.targets.get_untracked();
        if known.as_ref() != Some(&now) {
            self.before.set(known);
            self.targets.set(Some(now));
        }
    }

    /// Goes to the step of the first field that the server refuses.
    fn hear_refusal(self) {
        let first = match self.form.problem() {
            Some(Problem::Invalid { fields }) => {
                let first = fields.iter().map(|field| step_of(&field.field)).min();
                self.touched.update_value(|touched| {
                    touched.extend(fields.iter().map(|field| field.field.clone()));
                });
                self.shown.set_value(fields);
                first
            }
            _ => None,
        };
        if let Some(step) = first.or(self.step.get_untracked().is_none().then_some(0)) {
            self.step.set(Some(step));
        }
    }

    /// Takes the form's answers. Messages go as soon as they are wrong, and come only with
    /// `finished`: the field that somebody has left, or the choice that they have made.
    pub fn read(self, finished: Option<&str>) {
        let Some(answers) = browser::answers(self.node) else {
            return;
        };
        if self.answers.with_untracked(|known| *known != answers) {
            self.answers.set(answers);
        }
        let refused = self.refused();
        match finished {
            Some(field) => {
                self.touched
                    .update_value(|touched| touched.push(field.to_owned()));
                self.show(refused);
            }
            None => {
                self.shown
                    .update_value(|shown| shown.retain(|field| refused.contains(field)));
                self.form.check(self.shown.get_value());
            }
        }
    }

    /// Shows what is wrong; of what is merely missing, only where somebody has been.
    fn show(self, mut refused: Vec<InvalidField>) {
        self.touched.with_value(|touched| {
            refused.retain(|field| {
                field.code != InvalidCode::Required
                    || touched.iter().any(|name| same_field(name, &field.field))
            });
        });
        self.shown.set_value(refused.clone());
        self.form.check(refused);
    }

    /// Shows another step.
    pub fn go(self, step: usize) {
        self.step.set(Some(step));
        browser::focus_later(self.node, format!("#step-{step}"));
    }

    /// Shows the next step, unless this one has something to mend; the first of it gets the focus.
    pub fn next(self) {
        let step = self.step.get_untracked().unwrap_or_default();
        if self.mend(|field| step_of(field) == step).is_none() {
            self.go((step + 1).min(STEPS - 1));
        }
    }

    /// Whether the form may be sent. What is left to mend is shown, and its first gets the focus.
    pub fn ready(self) -> bool {
        let first = self.mend(|_| true);
        if let Some(step) = first {
            self.step.set(Some(step));
        }
        first.is_none()
    }

    /// Shows what is left to mend of some fields; in which step its first is.
    fn mend(self, of: impl Fn(&str) -> bool) -> Option<usize> {
        self.read(None);
        let refused = self.refused();
        let left = refused.iter().filter(|field| of(&field.field));
        let left: Vec<String> = left.map(|field| field.field.clone()).collect();
        let first = left.iter().map(|field| step_of(field)).min()?;
        self.touched.update_value(|touched| touched.extend(left));
        self.show(refused);
        browser::focus_later(
            self.node,
            ".step:not([hidden]) :is([aria-invalid=true] input, input[aria-invalid=true])"
                .to_owned(),
        );
        Some(first)
    }

    fn refused(self) -> Vec<InvalidField> {
        self.profile
            .with_untracked(|it| it.as_ref().err().cloned().unwrap_or_default())
    }

    /// Whether nothing is left to mend in a step. Reactive.
    pub fn sound(self, step: usize) -> bool {
        self.profile.with(|it| match it {
            Ok(_) => true,
            Err(fields) => fields.iter().all(|field| step_of(&field.field) != step),
        })
    }
}
