//! Addresses that pages once had, for whoever has kept one.

use axum::extract::Query;
use axum::http::Uri;
use axum::response::Redirect;
use serde::Deserialize;

/// What the list of today's orders was asked with.
#[derive(Debug, Deserialize)]
pub struct Place {
    /// The campus, by its name in addresses.
    #[serde(default)]
    campus: String,
}

/// The list of today's orders is the kitchen's display now.
pub async fn staff_orders(uri: Uri) -> Redirect {
    let campus = Query::<Place>::try_from_uri(&uri)
        .map_or_else(|_| String::new(), |Query(place)| place.campus);
    let named = !campus.is_empty()
        && campus
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if named {
        Redirect::permanent(&format!("/kitchen/{campus}"))
    } else {
        Redirect::permanent("/kitchen")
    }
}
