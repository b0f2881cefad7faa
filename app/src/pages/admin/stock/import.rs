//! A file for a spreadsheet, in: what can't be taken is named line by line.

use super::api::{ImportStock, get_import_key};
use crate::components::form::{Submitted, field_error};
use crate::components::icon;
use crate::components::{Form, Icon, Skeleton, TextArea};
use crate::context::{fill, number, t};
use crate::error::explain;
use crate::pages::admin::frame::{Section, panel};
use crate::pages::plan::answer;
use domain::invalid::InvalidField;
use domain::problem::Problem;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use leptos_meta::Title;
use locales::Key;

#[component]
pub fn StockImportPage() -> impl IntoView {
    let key = Resource::new_blocking(|| (), |()| async { get_import_key().await });
    view! {
        <Title text=t(Key::StockImportTitle)/>
        <Suspense fallback=|| view! { <div class="page"><Skeleton lines=4/></div> }>
            {move || Suspend::new(async move { answer(key.await, page) })}
        </Suspense>
    }
}

/// A file that was refused, on its way into the page that shows it again.
#[derive(Default)]
struct Refused {
    /// What was sent.
    text: String,
    /// Lines that can't be taken: the number, the column, and why.
    lines: Vec<(i64, String, String)>,
    /// Columns that the first line lacks.
    columns: Vec<String>,
}

impl Refused {
    fn read(submitted: Submitted) -> Self {
        let value = |wanted: &str| {
            let mut values = submitted.values.iter();
            let found = values.find(|(name, value)| name == wanted && !value.is_empty());
            found.map(|(_, value)| value.clone())
        };
        let text = value("file").or_else(|| value("typed"));
        let Problem::Invalid { fields } = &submitted.problem else {
            return Self {
                text: text.unwrap_or_default(),
                ..Self::default()
            };
        };
        let columns = fields
            .iter()
            .filter_map(|refused| refused.field.strip_prefix("columns."));
        Self {
            text: text.unwrap_or_default(),
            lines: fields.iter().filter_map(line).collect(),
            columns: columns.map(str::to_owned).collect(),
        }
    }
}

/// `lines[7].quantity` and why it is refused.
fn line(refused: &InvalidField) -> Option<(i64, String, String)> {
    let (number, column) = refused.field.strip_prefix("lines[")?.split_once("].")?;
    Some((
        number.parse().ok()?,
        column.to_owned(),
        explain(&refused.code),
    ))
}

fn page(key: String) -> AnyView {
    let refused = use_context::<StoredValue<Option<Submitted>>>()
        .and_then(|all| all.get_value())
        .filter(|submitted| submitted.action == ImportStock::PATH)
        .map(Refused::read)
        .unwrap_or_default();
    let any = !refused.lines.is_empty();
    let rest = any.then(|| {
        view! {
            <button type="submit" class="btn" name="bad" value="LEAVE_OUT">{t(Key::StockImportRest)}</button>
        }
    });
    let head = view! {
        <p class="small"><a class="back-link" href="/admin/stock"><Icon path=icon::BACK/>{t(Key::StockItemBack)}</a></p>
        <h1>{t(Key::StockImportTitle)}</h1>
        <p class="lede">{t(Key::StockImportLede)}</p>
    };
    let body = view! {
        <div class="stock-import stack">
            <ol class="stack stack--s prose">
                <li><a href="/v1/stock/export" rel="external" download>{t(Key::StockImportStepOut)}</a></li>
                <li>{t(Key::StockImportStepFill)}</li>
                <li>{t(Key::StockImportStepIn)}</li>
            </ol>
            <section class="card" aria-label=t(Key::StockImportTitle)>
                <Form action=ImportStock::PATH files=true>
                    <input type="hidden" name="key" value=key/>
                    {columns(refused.columns)}
                    {lines(refused.lines)}
                    <div class="field">
                        <label for="file">{t(Key::StockImportFile)}</label>
                        <p class="field__hint" id="file-hint">{t(Key::StockImportFileHint)}</p>
                        <input class="input" id="file" name="file" type="file" accept=".csv,text/csv,text/plain" aria-describedby="file-error file-hint"/>
                        {field_error("file")}
                    </div>
                    <TextArea
                        name="typed"
                        label=t(Key::StockImportTyped)
                        hint=t(Key::StockImportTypedHint)
                        rows=8
                        value=refused.text
                        optional=true
                    />
                    <div class="form-actions">
                        <button type="submit" class="btn btn--primary" name="bad" value="REFUSE_ALL">{t(Key::StockImportAll)}</button>
                        {rest}
                    </div>
                </Form>
            </section>
        </div>
    };
    panel(Section::Stock, head.into_any(), false, body.into_any())
}

/// The columns that the first line lacks.
fn columns(columns: Vec<String>) -> Option<AnyView> {
    (!columns.is_empty()).then(|| {
        let columns = columns
            .into_iter()
            .map(|column| view! { <li><code>{column}</code></li> })
            .collect_view();
        view! {
            <div>
                <p class="label">{t(Key::StockImportColumns)}</p>
                <ul class="cluster cluster--s">{columns}</ul>
            </div>
        }
        .into_any()
    })
}

/// The lines that can't be taken, and why.
fn lines(lines: Vec<(i64, String, String)>) -> Option<AnyView> {
    (!lines.is_empty()).then(|| {
        let count = number(lines.len() as i64);
        let title = if lines.len() == 1 {
            t(Key::StockImportLinesOne).to_owned()
        } else {
            fill(Key::StockImportLines, &[("count", &count)])
        };
        let rows = lines
            .into_iter()
            .map(|(number, column, why)| {
                view! {
                    <tr>
                        <th scope="row" class="num">{number}</th>
                        <td><code>{column}</code></td>
                        <td>{why}</td>
                    </tr>
                }
            })
            .collect_view();
        view! {
            <div class="stack stack--s">
                <h2 class="h4" id="bad-lines">{title}</h2>
                <div class="stock-import__lines" tabindex="0" role="region" aria-labelledby="bad-lines">
                    <table class="table">
                        <thead>
                            <tr>
                                <th scope="col" class="num">{t(Key::StockImportLine)}</th>
                                <th scope="col">{t(Key::StockImportColumn)}</th>
                                <th scope="col">{t(Key::StockImportWhy)}</th>
                            </tr>
                        </thead>
                        <tbody>{rows}</tbody>
                    </table>
                </div>
            </div>
        }
        .into_any()
    })
}
