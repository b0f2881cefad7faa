//! Icons: strokes on a 24-unit grid, drawn for NutriFlow, in the colour of the text around them.

use leptos::prelude::*;

/// An icon beside a word. It is hidden from assistive technology: the word says it.
#[component]
pub fn Icon(
    /// One of this module's paths.
    path: &'static str,
) -> impl IntoView {
    view! { <svg class="icon" viewBox="0 0 24 24" aria-hidden="true"><path d=path/></svg> }
}

/// Done, reached.
pub const CHECK: &str = "M4.5 12.5l5 5 10-11";
/// Close, remove.
pub const CLOSE: &str = "M6 6l12 12M18 6L6 18";
/// Go on.
pub const ARROW: &str = "M4 12h16M14 6l6 6-6 6";
/// Go back.
pub const BACK: &str = "M20 12H4M10 6l-6 6 6 6";
/// The one before.
pub const PREVIOUS: &str = "M15 5l-7 7 7 7";
/// The one after.
pub const NEXT: &str = "M9 5l7 7-7 7";
/// Care, an error.
pub const ALERT: &str = "M12 8v5M12 16.5v.01M12 3.5l9 16.5H3z";
/// Something to know.
pub const INFO: &str = "M12 11v5.5M12 7.5v.01M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18z";
/// An account.
pub const PERSON: &str =
    "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4.5 20.5c.6-4 3.5-6 7.5-6s6.9 2 7.5 6";
/// Language and appearance.
pub const SETTINGS: &str = "M4 7h9M18 7h2M4 17h2M11 17h9M15.5 4.500a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5zM8.5 14.500a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5z";
/// Light theme.
pub const SUN: &str = "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM12 2.500v2M12 19.500v2M2.5 12h2M19.5 12h2M5.3 5.300l1.4 1.400M17.3 17.300l1.4 1.400M5.3 18.700l1.4-1.400M17.3 6.700l1.4-1.4";
/// Dark theme.
pub const MOON: &str = "M20 14.500A8.5 8.5 0 0 1 9.5 4a8.5 8.5 0 1 0 10.5 10.500z";
/// As the device says.
pub const DEVICE: &str = "M3.5 5h17v11h-17zM9 20h6M12 16v4";
/// A clock: minutes.
pub const CLOCK: &str = "M12 3.500a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17zM12 7.500V12l3 2";
/// A shopping basket.
pub const BASKET: &str =
    "M3.5 10h17l-1.7 9.500H5.200zM8 10l3-6M16 10l-3-6M9.5 13.500v2.500M14.5 13.500v2.5";
/// Print.
pub const PRINT: &str = "M7 8V3.500h10V8M7 17H3.500V8h17v9H17M7 13.500h10v7H7z";
/// Download.
pub const DOWNLOAD: &str = "M12 3.500v12M7 10.500l5 5 5-5M4 20.500h16";
/// A calendar week.
pub const CALENDAR: &str = "M4 5.500h16v15H4zM4 10h16M8 3v4M16 3v4";
/// Compute anew.
pub const REFRESH: &str = "M20 12a8 8 0 1 1-2.5-5.800M20 3v4.500h-4.5";
/// A leaf: plants, vegan.
pub const LEAF: &str = "M5 19C4 9 10 4 20 4c.5 10-4 16-13 14M5 20.500c1-5 4-8.5 8.5-10.5";
/// A lock: private.
pub const LOCK: &str = "M5.5 11h13v9.500h-13zM8.5 11V7.500a3.5 3.5 0 0 1 7 0V11M12 14.500v2.5";
/// Scales: measured.
pub const SCALES: &str =
    "M12 4v16.500M7.5 20.500h9M5 7l7-2 7 2M5 7l-2.5 6.500h5zM19 7l-2.5 6.500h5z";
/// A server: self-hosted.
pub const SERVER: &str =
    "M4 4.500h16v6H4zM4 13.500h16v6H4zM7.5 7.500v.010M7.5 16.500v.010M11 7.500h5M11 16.500h5";
/// Equal: the same input, the same result.
pub const EQUAL: &str = "M5 9h14M5 15h14";
/// Edit.
pub const EDIT: &str = "M4 20l1-4.500L16.5 4 20 7.5 8.5 19zM14 6.500l3.5 3.5";
/// A bell: messages.
pub const BELL: &str = "M6 10.500a6 6 0 0 1 12 0c0 5 2 6.500 2 6.500H4s2-1.500 2-6.500zM10 20.500a2.200 2.200 0 0 0 4 0";
/// Search.
pub const SEARCH: &str = "M10.5 4a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13zM15.5 15.500l5 5";
/// More of something.
pub const PLUS: &str = "M12 5v14M5 12h14";
/// Less of something.
pub const MINUS: &str = "M5 12h14";
