//! Parts that pages share. `style/main.css` lists the classes that go with them.

#[cfg(feature = "ssr")]
pub mod card_entry;
#[cfg(feature = "ssr")]
pub mod chart;
pub mod data;
pub mod feedback;
#[cfg(feature = "ssr")]
pub mod filter;
#[cfg(feature = "ssr")]
pub mod follow;
pub mod form;
#[cfg(feature = "ssr")]
pub mod frame;
pub mod icon;
#[cfg(feature = "ssr")]
pub mod live;
pub mod plate;
#[cfg(feature = "ssr")]
pub mod problem_page;

#[cfg(feature = "ssr")]
pub use chart::Chart;
pub use data::{Bar, Progress, Ring};
pub use feedback::{Empty, Notice, ProblemNotice, Skeleton};
pub use form::{Choice, Choices, Field, Form, FormState, Submit, TextArea};
pub use icon::Icon;
#[cfg(feature = "ssr")]
pub use live::Live;
pub use plate::Plate;
#[cfg(feature = "ssr")]
pub use problem_page::ProblemPage;
