//! The connection, and another one when it is lost.

use crate::page::Page;
use futures::future::{Either, select};
use futures::{StreamExt as _, pin_mut};
use gloo_net::websocket::futures::WebSocket;
use gloo_net::websocket::{Message, WebSocketError};
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;

/// How long the server may be silent, in milliseconds: it shows every 15 seconds that it is there.
const SILENCE: i32 = 40_000;
/// How long it waits before it tries again, in milliseconds; twice as long after each failure.
const FIRST: i32 = 500;
/// At most.
const LONGEST: i32 = 60_000;
/// The code with which the server closes when nobody is signed in any more.
const SIGNED_OUT: u16 = 1008;

/// How a connection ended.
enum End {
    /// After it had told something, or before.
    Lost { told: bool },
    /// There is nothing more to follow.
    SignedOut,
}

/// Follows until nobody is signed in any more.
pub async fn run(page: Page) {
    let mut failures = 0;
    loop {
        match connection(&page).await {
            End::SignedOut => return,
            End::Lost { told: true } => failures = 0,
            End::Lost { told: false } => {}
        }
        // Not all at once, when a server comes back.
        let longest = FIRST.saturating_mul(1 << failures.min(10)).min(LONGEST);
        let wait = f64::from(longest) * (0.5 + js_sys::Math::random() / 2.0);
        failures += 1;
        sleep(wait as i32).await;
    }
}

async fn connection(page: &Page) -> End {
    let after = page.last();
    let Ok(mut socket) = WebSocket::open(&page.address(after)) else {
        return End::Lost { told: false };
    };
    let mut told = false;
    loop {
        let silence = sleep(SILENCE);
        pin_mut!(silence);
        let received = match select(socket.next(), silence).await {
            Either::Left((received, _)) => received,
            Either::Right(_) => None,
        };
        match received {
            Some(Ok(Message::Text(text))) => {
                if !told {
                    told = true;
                    page.follows(true);
                }
                page.hear(&text, after.is_some());
            }
            Some(Ok(Message::Bytes(_))) => {}
            Some(Err(WebSocketError::ConnectionClose(close))) if close.code == SIGNED_OUT => {
                page.follows(false);
                return End::SignedOut;
            }
            Some(Err(_)) | None => {
                page.follows(false);
                return End::Lost { told };
            }
        }
    }
}

/// Waits for so many milliseconds.
async fn sleep(milliseconds: i32) {
    let promise = js_sys::Promise::new(&mut |resolve, _| {
        if let Some(window) = web_sys::window() {
            let _ = window
                .set_timeout_with_callback_and_timeout_and_arguments_0(&resolve, milliseconds);
        }
    });
    let _: Result<JsValue, JsValue> = JsFuture::from(promise).await;
}
