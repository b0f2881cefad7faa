//! What the product says back: notices, problems, emptiness, waiting.

use super::icon::{self, Icon};
use crate::error;
use domain::problem::Problem;
use leptos::prelude::*;

/// A boxed remark.
#[component]
pub fn Notice(
    /// `blue` information, `leaf` success, `saffron` care, `beet` error.
    #[prop(default = "blue")]
    tone: &'static str,
    /// What it says first.
    #[prop(into, optional)]
    title: String,
    /// What it says then.
    children: Children,
) -> impl IntoView {
    let path = match tone {
        "leaf" => icon::CHECK,
        "blue" => icon::INFO,
        _ => icon::ALERT,
    };
    let title = (!title.is_empty()).then(|| view! { <strong>{title}</strong> });
    view! { <div class="notice" data-tone=tone><Icon path=path/>{title}<div>{children()}</div></div> }.into_any()
}

/// What went wrong, in words that help. Fields that no form shows are listed.
#[component]
pub fn ProblemNotice(
    /// What went wrong.
    problem: Problem,
    /// What to do, where that is known better than it is in general.
    #[prop(default = None)]
    help: Option<&'static str>,
) -> impl IntoView {
    let (title, usual) = error::describe(&problem);
    let help = help.map_or(usual, str::to_owned);
    view! {
        <div class="notice" data-tone="beet" role="alert" tabindex="-1">
            <Icon path=icon::ALERT/>
            <strong>{title}</strong>
            <p>{help}</p>
        </div>
    }
    .into_any()
}

/// Nothing here yet: what would be, and how to get it.
#[component]
pub fn Empty(
    /// What is not there.
    #[prop(into)]
    title: String,
    /// What would be, in a sentence.
    #[prop(into)]
    text: String,
    /// Whether the page has a title of its own, under which this stands.
    #[prop(optional)]
    within: bool,
    /// A button or a link.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    let heading = if within {
        view! { <h2 class="h3">{title}</h2> }.into_any()
    } else {
        view! { <h1 class="h3">{title}</h1> }.into_any()
    };
    view! {
        <div class="empty">
            <span class="plate" aria-hidden="true" inner_html=EMPTY_PLATE></span>
            {heading}
            <p>{text}</p>
            {children.map(|children| children())}
        </div>
    }
    .into_any()
}

/// A plate with nothing on it, fork and knife beside.
const EMPTY_PLATE: &str = r#"<svg viewBox="0 0 100 100"><circle class="rim" cx="50" cy="50" r="32"/><circle class="well" cx="50" cy="50" r="24"/><g fill="none" stroke="currentColor" stroke-width="2.5" stroke-linecap="round" stroke-linejoin="round"><path d="M8 22v13c0 3 1.5 5 4 5s4-2 4-5V22M12 22v56"/><path d="M88 78V22c5 4 6 12 6 19 0 5-2 7-6 7"/></g></svg>"#;

/// Grey lines where text will be.
#[component]
pub fn Skeleton(
    /// How many lines.
    #[prop(default = 3)]
    lines: u8,
) -> impl IntoView {
    let widths = ["92%", "78%", "85%", "60%"];
    view! {
        <div class="stack stack--s" aria-hidden="true">
            {(0..lines)
                .map(|line| view! { <span class="skeleton" style=format!("inline-size:{}", widths[usize::from(line) % 4])></span> })
                .collect_view()}
        </div>
    }
    .into_any()
}
