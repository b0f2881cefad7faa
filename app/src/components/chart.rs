//! Charts over time: stacked bars and lines, drawn on the server.
//!
//! The drawing stretches to its box, so its lines are in SVG and its words beside it in HTML: they
//! are as large on a phone as on a wall. Whoever cannot see it has a summary, and the same numbers as
//! a table.

use crate::context::{number, t};
use crate::words::{Words, bytes, duration};
use leptos::prelude::*;
use locales::Key;
use serde::{Deserialize, Serialize};
use std::fmt::Write as _;

/// What is drawn, ready to be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChartData {
    /// What it shows.
    pub title: String,
    /// How it is drawn.
    pub shape: Shape,
    /// What its numbers are.
    pub unit: Unit,
    /// When each value was, oldest first: "14:05".
    pub times: Vec<String>,
    /// What it is about, the lowest bar first.
    pub series: Vec<Series>,
}

/// How a chart is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Shape {
    /// Amounts of a time, on top of each other.
    Bars,
    /// Levels at a time.
    Lines,
}

/// What a number is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Unit {
    /// So many.
    Count,
    /// A length of time in microseconds.
    Micros,
    /// A size in bytes.
    Bytes,
}

/// One colour of a chart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Series {
    /// What it counts or measures.
    pub label: String,
    /// `leaf`, `saffron`, `beet`, `accent`, `blue`.
    pub tone: String,
    /// A value for each time; nothing where none is known.
    pub values: Vec<Option<i64>>,
}

impl Unit {
    fn say(self, value: i64) -> String {
        match self {
            // Nothing is nothing in every unit.
            _ if value == 0 => number(0),
            Self::Count => number(value),
            Self::Micros => duration(value),
            Self::Bytes => bytes(value),
        }
    }

    /// The smallest round number that nothing goes beyond, and whose half is round too.
    fn top(self, most: i64) -> i64 {
        const MILLISECOND: i64 = 1000;
        const SECOND: i64 = 1_000_000;
        const MINUTE: i64 = 60 * SECOND;
        match self {
            Self::Count => decimal_top(most, 1),
            Self::Bytes => {
                i64::try_from((most.max(1 << 20) as u64).next_power_of_two()).unwrap_or(i64::MAX)
            }
            Self::Micros if most <= SECOND => decimal_top(most, MILLISECOND),
            Self::Micros if most <= 40 * SECOND => decimal_top(most, SECOND),
            Self::Micros => decimal_top(most, MINUTE),
        }
    }
}

fn decimal_top(most: i64, unit: i64) -> i64 {
    let mut decade = unit;
    loop {
        for step in [1, 2, 4, 6] {
            if most <= decade.saturating_mul(step) {
                return decade.saturating_mul(step);
            }
        }
        decade = decade.saturating_mul(10);
    }
}

impl ChartData {
    /// The largest number that is drawn.
    fn most(&self) -> i64 {
        let largest = |values: &[Option<i64>]| values.iter().flatten().copied().max();
        match self.shape {
            Shape::Bars => (0..self.times.len()).map(|at| self.stacked(at)).max(),
            Shape::Lines => self
                .series
                .iter()
                .filter_map(|series| largest(&series.values))
                .max(),
        }
        .unwrap_or_default()
    }

    fn stacked(&self, at: usize) -> i64 {
        self.series.iter().map(|series| series.at(at)).sum()
    }

    /// A sentence for each series.
    fn summary(&self, words: Words) -> String {
        let sentences = self.series.iter().map(|series| {
            let label = series.label.as_str();
            let values = series.values.iter().enumerate();
            let most = values
                .filter_map(|(at, value)| Some((value.filter(|value| *value > 0)?, at)))
                .max_by_key(|(value, at)| (*value, std::cmp::Reverse(*at)));
            let Some((most, at)) = most else {
                return words.fill(Key::ChartAlwaysNone, &[("label", label)]);
            };
            let time = self.times.get(at).map_or("", String::as_str);
            let most = self.unit.say(most);
            match self.shape {
                Shape::Bars => {
                    let total = self.unit.say(series.values.iter().flatten().sum());
                    words.fill(
                        Key::ChartCountSummary,
                        &[
                            ("label", label),
                            ("total", &total),
                            ("most", &most),
                            ("time", time),
                        ],
                    )
                }
                Shape::Lines => {
                    let latest = series.values.iter().flatten().next_back();
                    let latest = self.unit.say(latest.copied().unwrap_or_default());
                    words.fill(
                        Key::ChartLevelSummary,
                        &[
                            ("label", label),
                            ("latest", &latest),
                            ("most", &most),
                            ("time", time),
                        ],
                    )
                }
            }
        });
        sentences.collect::<Vec<_>>().join(" ")
    }

    /// The drawing: a unit across for each time, a hundred up to the top.
    fn draw(&self, top: i64, words: Words) -> String {
        let across = self.times.len().max(1);
        let mut svg = format!(
            r#"<svg viewBox="0 0 {across} 100" preserveAspectRatio="none" role="img"><title>{}</title><desc>{}</desc>"#,
            escaped(&self.title),
            escaped(&self.summary(words)),
        );
        // Writing to a string does not fail.
        for line in marks(self.unit, top) {
            let y = height(top - line, top);
            let _ = write!(svg, r#"<path class="chart__line" d="M0 {y}H{across}"/>"#);
        }
        match self.shape {
            Shape::Bars => self.draw_bars(&mut svg, top),
            Shape::Lines => self.draw_lines(&mut svg, top),
        }
        for at in 0..self.times.len() {
            if let Some(said) = self.said_at(at) {
                let said = escaped(&said);
                let _ = write!(
                    svg,
                    r#"<rect class="chart__spot" x="{at}" width="1" height="100"><title>{said}</title></rect>"#
                );
            }
        }
        svg.push_str("</svg>");
        svg
    }

    fn draw_bars(&self, svg: &mut String, top: i64) {
        for at in 0..self.times.len() {
            let mut below = 0;
            for series in &self.series {
                let value = series.at(at);
                if value > 0 {
                    let (y, high) = (height(top - below - value, top), height(value, top));
                    let tone = &series.tone;
                    let _ = write!(
                        svg,
                        r#"<rect class="chart__bar" data-tone="{tone}" x="{at}.12" y="{y}" width=".76" height="{high}"/>"#
                    );
                }
                below += value;
            }
        }
    }

    fn draw_lines(&self, svg: &mut String, top: i64) {
        for series in &self.series {
            let (mut path, mut drawn) = (String::new(), false);
            for (at, value) in series.values.iter().enumerate() {
                let Some(value) = value else {
                    drawn = false;
                    continue;
                };
                let y = height(top - value, top);
                // A value between gaps is a short dash: a point has no length.
                let _ = if drawn {
                    write!(path, "L{at}.5 {y}")
                } else {
                    write!(path, "M{at}.3 {y}H{at}.5")
                };
                drawn = true;
            }
            let tone = &series.tone;
            let _ = write!(
                svg,
                r#"<path class="chart__level" data-tone="{tone}" d="{path}"/>"#
            );
        }
    }

    /// "14:05 · Succeeded 3 · Given up 1"
    fn said_at(&self, at: usize) -> Option<String> {
        let said: Vec<String> = self
            .series
            .iter()
            .filter_map(|series| {
                let value = series.values.get(at).copied().flatten()?;
                (value > 0).then(|| format!("{} {}", series.label, self.unit.say(value)))
            })
            .collect();
        let time = self.times.get(at)?;
        (!said.is_empty()).then(|| format!("{time} · {}", said.join(" · ")))
    }
}

impl Series {
    fn at(&self, at: usize) -> i64 {
        self.values.get(at).copied().flatten().unwrap_or_default()
    }
}

/// Where the scale has its lines, the highest first.
fn marks(unit: Unit, top: i64) -> Vec<i64> {
    match (unit, top) {
        (Unit::Count, ..2) => vec![top, 0],
        _ => vec![top, top / 2, 0],
    }
}

/// So high, of a hundred.
fn height(value: i64, top: i64) -> String {
    format!("{:.2}", value as f64 * 100.0 / top as f64)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

/// The times under a chart: so many that they stand apart on a phone.
fn time_marks(times: &[String]) -> Vec<String> {
    const MARKS: usize = 4;
    let last = times.len().saturating_sub(1);
    if last < MARKS {
        return times.to_vec();
    }
    (0..=MARKS)
        .map(|mark| times[last * mark / MARKS].clone())
        .collect()
}

/// A chart with its legend, its scale and its table.
#[component]
pub fn Chart(
    /// What it shows.
    data: ChartData,
) -> impl IntoView {
    let words = Words(crate::context::language());
    let most = data.most();
    let top = data.unit.top(most);
    let scale = marks(data.unit, top)
        .into_iter()
        .map(|mark| view! { <li>{data.unit.say(mark)}</li> })
        .collect_view();
    let times = time_marks(&data.times)
        .into_iter()
        .map(|time| view! { <li>{time}</li> })
        .collect_view();
    let legend = (data.series.len() > 1).then(|| {
        let keys = data
            .series
            .iter()
            .map(|series| {
                view! { <li data-tone=series.tone.clone()><i class="chart__key"></i>{series.label.clone()}</li> }
            })
            .collect_view();
        view! { <ul class="legend">{keys}</ul> }
    });
    let none = (most == 0).then(|| view! { <p class="chart__none">{t(Key::ChartNone)}</p> });
    let table = (most > 0).then(|| table(&data));
    let drawing = data.draw(top, words);
    view! {
        <figure class="chart">
            <figcaption class="cluster cluster--between">
                <h3 class="h4">{data.title.clone()}</h3>
                {legend}
            </figcaption>
            <div class="chart__plot">
                <ol class="chart__scale" aria-hidden="true">{scale}</ol>
                <div class="chart__drawing" inner_html=drawing></div>
                {none}
                <ol class="chart__times" aria-hidden="true">{times}</ol>
            </div>
            {table}
        </figure>
    }
    .into_any()
}

/// The same numbers, without the times at which there were none.
fn table(data: &ChartData) -> AnyView {
    let heads = data
        .series
        .iter()
        .map(|series| view! { <th scope="col" class="num">{series.label.clone()}</th> })
        .collect_view();
    let rows = (0..data.times.len())
        .rev()
        .filter(|at| data.series.iter().any(|series| series.at(*at) > 0))
        .map(|at| {
            let cells = data
                .series
                .iter()
                .map(|series| {
                    let value = series.values.get(at).copied().flatten();
                    let value = value.map_or_else(|| "–".to_owned(), |value| data.unit.say(value));
                    view! { <td class="num">{value}</td> }
                })
                .collect_view();
            view! { <tr><th scope="row">{data.times[at].clone()}</th>{cells}</tr> }
        })
        .collect_view();
    view! {
        <details class="chart__table">
            <summary>{t(Key::ChartTable)}</summary>
            <div class="chart__rows" tabindex="0" role="region" aria-label=data.title.clone()>
                <table class="table">
                    <thead><tr><th scope="col">{t(Key::ChartTime)}</th>{heads}</tr></thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
        </details>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::text::Language;

    fn chart(shape: Shape, values: &[&[Option<i64>]]) -> ChartData {
        ChartData {
            title: "Jobs <a minute>".to_owned(),
            shape,
            unit: Unit::Count,
            times: (0..values[0].len()).map(|at| format!("14:0{at}")).collect(),
            series: values
                .iter()
                .map(|values| Series {
                    label: "Succeeded".to_owned(),
                    tone: "leaf".to_owned(),
                    values: values.to_vec(),
                })
                .collect(),
        }
    }

    #[test]
    fn a_scale_ends_at_a_round_number() {
        let count = |most| Unit::Count.top(most);
        assert_eq!(
            [0, 1, 3, 5, 7, 41, 61].map(count),
            [1, 1, 4, 6, 10, 60, 100]
        );
        let time = |most| duration(Unit::Micros.top(most)).replace('\u{a0}', " ");
        assert_eq!(
            [0, 700, 1_500_000, 50_000_000, 70_000_000].map(time),
            ["1 ms", "1 ms", "2 s", "1 min", "2 min"]
        );
        assert_eq!(bytes(Unit::Bytes.top(200 << 20)), "256\u{a0}MiB");
    }

    #[test]
    fn bars_stand_on_each_other() {
        let data = chart(Shape::Bars, &[&[Some(3), None], &[Some(1), Some(2)]]);
        assert_eq!(data.most(), 4);
        let svg = data.draw(4, Words(Language::En));
        assert!(svg.contains(r#"y="25.00" width=".76" height="75.00""#));
        assert!(svg.contains(r#"y="0.00" width=".76" height="25.00""#));
        assert!(svg.contains("<title>Jobs &lt;a minute&gt;</title>"));
        assert!(svg.contains("Succeeded: 3 in all, at most 3 at 14:00."));
    }

    #[test]
    fn a_line_has_gaps_where_nothing_is_known() {
        let data = chart(Shape::Lines, &[&[Some(2), Some(4), None, Some(1)]]);
        let svg = data.draw(4, Words(Language::En));
        assert!(svg.contains(r#"d="M0.3 50.00H0.5L1.5 0.00M3.3 75.00H3.5""#));
    }
}
