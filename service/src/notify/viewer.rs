//! Nobody: in the demo, messages stay here, where administrators read them.

use super::{Answer, Letter, Notifier, SendError};
use futures::FutureExt as _;
use futures::future::BoxFuture;

/// What stands in place of a reference.
pub const REFERENCE: &str = "not-sent-in-the-demo";

/// Takes every message, and sends none.
#[derive(Debug)]
pub(super) struct Viewer;

impl Notifier for Viewer {
    fn send<'a>(&'a self, _: &'a Letter) -> BoxFuture<'a, Answer> {
        async move { Ok(REFERENCE.to_owned()) }.boxed()
    }

    fn check(&self) -> BoxFuture<'_, Result<String, SendError>> {
        async move { Ok(REFERENCE.to_owned()) }.boxed()
    }
}
