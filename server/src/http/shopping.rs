//! A week's shopping list as a file for a spreadsheet.

use super::problem::ApiError;
use axum::extract::{Extension, Path, Query};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Redirect, Response};
use domain::amount::Amount;
use domain::catalogue::Catalogue;
use domain::measure;
use domain::plan::Plan;
use domain::problem::Problem;
use domain::shopping::shopping_list;
use domain::text::Language;
use locales::Key;
use serde::Deserialize;
use service::plan::{of_week, parse_week};
use service::{Ctx, Error};

/// Which plan of the week: the current one, or an earlier version.
#[derive(Debug, Deserialize)]
pub struct Version {
    plan: Option<String>,
}

/// What spreadsheets need to read a file as UTF-8.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// `GET /plan/{week}/shopping.csv`: a page's link, so whoever has not signed in is led there.
pub async fn csv(
    Extension(ctx): Extension<Ctx>,
    Path(week): Path<String>,
    Query(version): Query<Version>,
) -> Result<Response, ApiError> {
    let week = parse_week(&week).map_err(|_| Problem::NotFound)?;
    let found = match of_week(&ctx, week, version.plan.as_deref()).await {
        Err(Error::Problem(Problem::Unauthenticated)) => {
            return Ok(
                Redirect::to(&format!("/sign-in?next=/plan/{week}/shopping")).into_response(),
            );
        }
        found => found?,
    };
    let plan = found.plan.ok_or(Problem::NotFound)?.plan;
    let body = table(&plan, ctx.service.catalogue(), ctx.language)
        .map_err(|error| service::Error::Internal(error.to_string()))?;
    let mut response = body.into_response();
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/csv; charset=utf-8"),
    );
    headers.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static("private, no-cache"),
    );
    if let Ok(name) =
        HeaderValue::from_str(&format!("attachment; filename=\"nutriflow-{week}.csv\""))
    {
        headers.insert(header::CONTENT_DISPOSITION, name);
    }
    Ok(response)
}

fn table(plan: &Plan, catalogue: &Catalogue, language: Language) -> Result<Vec<u8>, csv::Error> {
    let mut writer = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .from_writer(BYTE_ORDER_MARK.to_vec());
    let titles = [
        Key::ShoppingCsvAisle,
        Key::ShoppingCsvFood,
        Key::ShoppingCsvQuantity,
        Key::ShoppingCsvBought,
        Key::ShoppingCsvEdible,
        Key::ShoppingCsvNumber,
    ];
    writer.write_record(titles.map(|title| locales::text(language, title)))?;
    for item in shopping_list(plan, catalogue) {
        let aisle = serde_json::to_value(item.aisle).unwrap_or_default();
        let aisle = locales::key(&format!("aisle.{}", aisle.as_str().unwrap_or_default()));
        let measure = measure::phrase(item.quarters, &item.measure, language).unwrap_or_default();
        writer.write_record([
            aisle
                .map(|key| locales::text(language, key))
                .unwrap_or_default(),
            &text_cell(item.name.get(language)),
            &text_cell(&measure),
            &grams(item.bought),
            &grams(item.grams),
            &item.ndb_no.0,
        ])?;
    }
    writer
        .into_inner()
        .map_err(|error| error.into_error().into())
}

/// Tenths of a gram, which is what a kitchen scale shows at best.
fn grams(amount: Amount) -> String {
    let tenths = (amount.0 + 50) / 100;
    format!("{}.{}", tenths / 10, tenths % 10)
}

/// Text that a spreadsheet does not take for a formula: an apostrophe before signs that begin one.
fn text_cell(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_never_becomes_a_formula() {
        assert_eq!(
            text_cell("=HYPERLINK(\"http://x\")"),
            "'=HYPERLINK(\"http://x\")"
        );
        assert_eq!(text_cell("-1+1"), "'-1+1");
        assert_eq!(text_cell("Carrots"), "Carrots");
    }

    #[test]
    fn weights_are_in_tenths() {
        assert_eq!(
            [0, 149, 150, 1_234_560].map(|it| grams(Amount(it))),
            ["0.0", "0.1", "0.2", "1234.6"]
        );
    }
}
