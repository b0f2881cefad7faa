//! Forms: one way to send, refuse and keep what somebody typed.
//!
//! A page puts [`Field`]s and [`Choices`] into a [`Form`] that names a server function by its
//! path: `<Form action=SignIn::PATH>`. Then:
//!
//! 1. The form is posted to the page's own address, the server function's path in the hidden field
//!    `_action`. [`post`] takes it there.
//! 2. Success is `303 See Other` to where the server function redirects.
//! 3. A refusal renders the same page with the status of the problem and a [`Submitted`] in the
//!    request, from which the fields take their values and messages back; the first refused field
//!    has the focus. Passwords are never sent back.
//!
//! It is the browser's own form, so it works the same before, without and after WebAssembly. An
//! island around a form may check it while somebody types: see [`FormState::check`].
//!
//! No cookie, no size limit but the body's, and one path for both.

use super::feedback::ProblemNotice;
use super::icon::{self, Icon};
use crate::context::t;
use crate::error;
use domain::invalid::InvalidField;
use domain::problem::Problem;
use leptos::prelude::*;
use locales::Key;
use serde::{Deserialize, Serialize};

#[cfg(feature = "ssr")]
mod post;
#[cfg(feature = "ssr")]
pub use post::post;

/// The hidden field that names the server function.
pub const ACTION: &str = "_action";

/// A form that was refused, on its way into the page that shows it again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Submitted {
    /// The server function's path.
    pub action: String,
    /// What was typed, by field, without passwords.
    pub values: Vec<(String, String)>,
    /// Why it was refused.
    pub problem: Problem,
}

/// What a form's fields share with it.
#[derive(Clone, Copy)]
pub struct FormState {
    problem: RwSignal<Option<Problem>>,
    /// What a page that checks live says of the fields, since the last answer.
    checked: RwSignal<Option<Vec<InvalidField>>>,
    values: StoredValue<Option<Vec<(String, String)>>>,
    /// Whether a field has taken the focus that the first refused one gets.
    focused: StoredValue<bool>,
}

impl FormState {
    /// The state of the form around this component.
    #[must_use]
    pub fn current() -> Self {
        use_context().unwrap_or_else(|| Self::new(None))
    }

    fn new(submitted: Option<Submitted>) -> Self {
        let (problem, values) = submitted.map(|it| (it.problem, it.values)).unzip();
        Self {
            problem: RwSignal::new(problem),
            checked: RwSignal::new(None),
            values: StoredValue::new(values),
            focused: StoredValue::new(false),
        }
    }

    /// What was typed into a field before the page was rendered anew; `None` when it was not.
    #[must_use]
    pub fn typed(&self, name: &str) -> Option<String> {
        self.all_typed(name)?.into_iter().next()
    }

    /// Every value of a field that may have several (checkboxes). Empty when none was ticked,
    /// `None` when the page was not rendered anew.
    #[must_use]
    pub fn all_typed(&self, name: &str) -> Option<Vec<String>> {
        self.values.with_value(|values| {
            let matching = values.as_ref()?.iter().filter(|(field, _)| field == name);
            Some(matching.map(|(_, value)| value.clone()).collect())
        })
    }

    /// Why a field was refused, in words. Reactive.
    #[must_use]
    pub fn error(&self, name: &str) -> Option<String> {
        let among = |fields: &[InvalidField]| {
            fields
                .iter()
                .find(|field| same_field(name, &field.field))
                .map(|field| error::explain(&field.code))
        };
        self.checked.with(|checked| match checked {
            Some(fields) => among(fields),
            None => self.problem.with(|problem| match problem {
                Some(Problem::Invalid { fields }) => among(fields),
                _ => None,
            }),
        })
    }

    /// Says these things at the fields in place of the last answer's, for a page that checks while
    /// somebody types. Once there is nothing left to say, the answer's notice goes too.
    pub fn check(&self, fields: Vec<InvalidField>) {
        if fields.is_empty()
            && self
                .problem
                .with_untracked(|it| matches!(it, Some(Problem::Invalid { .. })))
        {
            self.problem.set(None);
        }
        if self
            .checked
            .with_untracked(|checked| checked.as_ref() != Some(&fields))
        {
            self.checked.set(Some(fields));
        }
    }

    /// What went wrong, if something did. Reactive.
    #[must_use]
    pub fn problem(&self) -> Option<Problem> {
        self.problem.get()
    }

    /// Whether a field should take the focus: it is the first refused one on a page rendered anew. Each
    /// field asks once.
    #[must_use]
    pub fn takes_focus(&self, name: &str) -> bool {
        let refused = untrack(|| self.error(name).is_some());
        refused && !self.focused.get_value() && {
            self.focused.set_value(true);
            true
        }
    }
}

/// Whether a form's field is the one that a problem names: `profile[height_cm]`, `heightCm`.
#[must_use]
pub fn same_field(name: &str, wire: &str) -> bool {
    fn essence(field: &str) -> String {
        let field = field.split("[]").next().unwrap_or_default();
        let field = match field
            .strip_suffix(']')
            .and_then(|open| open.rsplit_once('['))
        {
            Some((outer, index)) if index.bytes().all(|byte| byte.is_ascii_digit()) => outer,
            Some((_, inner)) => inner,
            None => field.rsplit('.').next().unwrap_or_default(),
        };
        field
            .chars()
            .filter(|c| *c != '_')
            .map(|c| c.to_ascii_lowercase())
            .collect()
    }
    essence(name) == essence(wire)
}

/// A form for a server function. See the module's documentation.
#[component]
pub fn Form(
    /// The server function's path: `SignIn::PATH` (`use leptos::server_fn::ServerFn`).
    action: &'static str,
    /// Classes; a stack of fields by default.
    #[prop(default = "stack")]
    class: &'static str,
    /// Whether it has fields for files. They arrive as text.
    #[prop(optional)]
    files: bool,
    /// What to do where somebody else was quicker, and what was typed is still there.
    #[prop(optional)]
    changed: Option<Key>,
    /// Fields and buttons.
    children: Children,
) -> impl IntoView {
    let submitted = use_context::<StoredValue<Option<Submitted>>>()
        .and_then(|all| all.get_value())
        .filter(|submitted| submitted.action == action);
    let state = FormState::new(submitted);
    provide_context(state);

    let notice = move || {
        state.problem().map(|problem| {
            let help = changed.filter(|_| problem == Problem::Conflict);
            view! { <ProblemNotice problem=problem help=help.map(t)/> }
        })
    };
    view! {
        <form method="post" novalidate class=class enctype=files.then_some("multipart/form-data")>
            <input type="hidden" name=ACTION value=action/>
            {notice}
            {children()}
        </form>
    }
}

/// A line of text with its label, hint and error.
#[component]
pub fn Field(
    /// The server function's argument: `email`, `profile[height_cm]`.
    name: &'static str,
    /// Its label.
    #[prop(into)]
    label: String,
    /// What helps to fill it in.
    #[prop(into, optional)]
    hint: String,
    /// `text`, `email`, `password`; numbers too are `text`, so that a browser drops nothing.
    #[prop(default = "text")]
    kind: &'static str,
    /// What a browser may fill in.
    #[prop(default = "off")]
    autocomplete: &'static str,
    /// `numeric`, `decimal`, `email`.
    #[prop(default = "text")]
    inputmode: &'static str,
    /// What stands in it at first.
    #[prop(into, optional)]
    value: String,
    /// A unit after it.
    #[prop(into, optional)]
    unit: String,
    /// Whether it may be left empty; the label says so.
    #[prop(optional)]
    optional: bool,
    /// Hears each keystroke, for what is computed live.
    #[prop(optional, into)]
    on_input: Option<Callback<String>>,
) -> impl IntoView {
    let state = FormState::current();
    let ids = Ids::of(name);
    let value = state.typed(name).unwrap_or(value);
    let autofocus = state.takes_focus(name);
    let described = ids.described(!hint.is_empty());
    let optional =
        optional.then(|| view! { " " <span class="field__optional">{t(Key::FormOptional)}</span> });
    let input = view! {
        <input
            class="input"
            id=ids.input.clone()
            name=name
            type=kind
            value=value
            inputmode=inputmode
            autocomplete=autocomplete
            autofocus=autofocus
            aria-describedby=described
            aria-invalid=move || state.error(name).map(|_| "true")
            on:input=move |event| {
                if let Some(hear) = on_input {
                    hear.run(event_target_value(&event));
                }
            }
        />
    };
    let input = if unit.is_empty() {
        input.into_any()
    } else {
        view! { <div class="affix">{input}<span aria-hidden="true">{unit}</span></div> }.into_any()
    };
    view! {
        <div class="field">
            <label for=ids.input.clone()>{label}{optional}</label>
            {hint_line(&ids, hint)}
            {input}
            {error_line(&ids, state, name)}
        </div>
    }
    .into_any()
}

/// Several lines of text with their label, hint and error.
#[component]
pub fn TextArea(
    /// The server function's argument.
    name: &'static str,
    /// Its label.
    #[prop(into)]
    label: String,
    /// What helps to fill it in.
    #[prop(into, optional)]
    hint: String,
    /// How many lines are seen.
    #[prop(default = 4)]
    rows: u32,
    /// What stands in it at first, and again where it was sent empty.
    #[prop(into, optional)]
    value: String,
    /// Whether it may be left empty; the label says so.
    #[prop(optional)]
    optional: bool,
) -> impl IntoView {
    let state = FormState::current();
    let ids = Ids::of(name);
    let autofocus = state.takes_focus(name);
    let described = ids.described(!hint.is_empty());
    let optional =
        optional.then(|| view! { " " <span class="field__optional">{t(Key::FormOptional)}</span> });
    // Leptos writes the text of this element as it is; a line break at its very beginning is no part of it.
    let typed = state.typed(name).filter(|typed| !typed.is_empty());
    let text = typed
        .unwrap_or(value)
        .replace('&', "&amp;")
        .replace('<', "&lt;");
    let text = format!("\n{text}");
    view! {
        <div class="field">
            <label for=ids.input.clone()>{label}{optional}</label>
            {hint_line(&ids, hint)}
            <textarea
                class="input"
                id=ids.input.clone()
                name=name
                rows=rows
                autofocus=autofocus
                aria-describedby=described
                aria-invalid=move || state.error(name).map(|_| "true")
                inner_html=text
            ></textarea>
            {error_line(&ids, state, name)}
        </div>
    }
    .into_any()
}

/// One of the choices of [`Choices`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// What is sent.
    pub value: String,
    /// What is read.
    pub label: String,
    /// A second, smaller line; shown in `choices` only.
    pub note: String,
}

impl Choice {
    /// A choice without a note.
    #[must_use]
    pub fn new(value: impl Into<String>, label: impl Into<String>) -> Self {
        Self {
            value: value.into(),
            label: label.into(),
            note: String::new(),
        }
    }

    /// The choice with a note.
    #[must_use]
    pub fn note(self, note: impl Into<String>) -> Self {
        Self {
            note: note.into(),
            ..self
        }
    }
}

/// Radio buttons, or checkboxes where several may be chosen.
#[component]
pub fn Choices(
    /// The server function's argument; for several values `allergens[]`.
    name: &'static str,
    /// What is asked.
    #[prop(into)]
    legend: String,
    /// What helps to choose.
    #[prop(into, optional)]
    hint: String,
    /// What can be chosen.
    options: Vec<Choice>,
    /// What is chosen at first.
    #[prop(optional)]
    selected: Vec<String>,
    /// Whether several may be chosen.
    #[prop(optional)]
    several: bool,
    /// `choices` (cards with notes), `pills`, `segmented`.
    #[prop(default = "choices")]
    class: &'static str,
    /// Hears each change: the value, and whether it is chosen now.
    #[prop(optional, into)]
    on_change: Option<Callback<(String, bool)>>,
) -> impl IntoView {
    let state = FormState::current();
    let ids = Ids::of(name);
    let selected = state.all_typed(name).unwrap_or(selected);
    let autofocus = state.takes_focus(name);
    let kind = if several { "checkbox" } else { "radio" };
    let options = options
        .into_iter()
        .enumerate()
        .map(|(index, choice)| {
            let checked = selected.contains(&choice.value);
            let value = choice.value.clone();
            let note = (!choice.note.is_empty()).then(|| view! { <small>{choice.note}</small> });
            let label = if class == "choices" {
                view! { <b>{choice.label}</b> }.into_any()
            } else {
                view! { <span>{choice.label}</span> }.into_any()
            };
            view! {
                <label>
                    <input
                        type=kind
                        name=name
                        value=choice.value
                        checked=checked
                        autofocus=autofocus && index == 0
                        on:change=move |event| {
                            if let Some(hear) = on_change {
                                hear.run((value.clone(), event_target_checked(&event)));
                            }
                        }
                    />
                    {label}
                    {note}
                </label>
            }
        })
        .collect_view();
    let described = ids.described(!hint.is_empty());
    view! {
        <fieldset class="field" aria-describedby=described>
            <legend>{legend}</legend>
            {hint_line(&ids, hint)}
            <div class=class aria-invalid=move || state.error(name).map(|_| "true")>{options}</div>
            {error_line(&ids, state, name)}
        </fieldset>
    }
    .into_any()
}

/// The button that sends the form.
#[component]
pub fn Submit(
    /// What it does.
    #[prop(into)]
    label: String,
    /// Further classes.
    #[prop(default = "btn--primary")]
    class: &'static str,
) -> impl IntoView {
    view! { <button type="submit" class=format!("btn {class}")>{label}</button> }.into_any()
}

/// The error line of a field, for parts that draw their own inputs. Its id is `<name>-error`.
#[must_use]
pub fn field_error(name: &'static str) -> AnyView {
    error_line(&Ids::of(name), FormState::current(), name).into_any()
}

struct Ids {
    input: String,
    hint: String,
    error: String,
}

impl Ids {
    fn of(name: &str) -> Self {
        let input: String = name
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
            .collect();
        Self {
            hint: format!("{input}-hint"),
            error: format!("{input}-error"),
            input,
        }
    }

    /// Both ids always stand: a reference to nothing is ignored.
    fn described(&self, hint: bool) -> String {
        if hint {
            format!("{} {}", self.error, self.hint)
        } else {
            self.error.clone()
        }
    }
}

fn hint_line(ids: &Ids, hint: String) -> impl IntoView + use<> {
    let id = ids.hint.clone();
    (!hint.is_empty()).then(|| view! { <p class="field__hint" id=id>{hint}</p> })
}

fn error_line(ids: &Ids, state: FormState, name: &'static str) -> impl IntoView + use<> {
    let id = ids.error.clone();
    move || {
        let id = id.clone();
        state.error(name).map(|text| {
            view! { <p class="field__error" id=id><Icon path=icon::ALERT/><span>{text}</span></p> }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_matched_with_what_the_wire_calls_them() {
        assert!(same_field("height_cm", "heightCm"));
        assert!(same_field("profile[height_cm]", "heightCm"));
        assert!(same_field("disliked_foods[]", "dislikedFoods[2]"));
        assert!(same_field("email", "email"));
        assert!(!same_field("name", "email"));
    }
}
