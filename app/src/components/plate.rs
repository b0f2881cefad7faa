//! The plate glyph: a dish drawn from what it is made of.
//!
//! Each food group is a heap whose size follows its weight, in the group's colour and with the
//! group's texture; oils are a drizzle and small amounts are crumbs. The dish's id turns and
//! shakes the arrangement, always the same way, so that a dish keeps its face.

use domain::amount::Amount;
use domain::food::FoodGroup;
use leptos::prelude::*;
use std::f64::consts::{PI, TAU};
use std::fmt::Write as _;

/// A dish's plate. It is decoration: the dish's name must stand beside it.
#[component]
pub fn Plate(
    /// The dish's id.
    #[prop(into)]
    id: String,
    /// Grams by food group.
    groups: Vec<(FoodGroup, Amount)>,
    /// `plate--s` 40 px, `plate--m` 72, `plate--l` 120, `plate--xl` 240.
    #[prop(default = "plate--m")]
    size: &'static str,
) -> impl IntoView {
    view! { <span class=format!("plate {size}") aria-hidden="true" inner_html=plate_svg(&id, &groups)></span> }
}

/// Heaps smaller than this share of the plate are crumbs.
const CRUMB: f64 = 0.055;
/// The most heaps that a plate of 40 px can show.
const HEAPS: usize = 6;
/// The radius up to which food lies, of a plate whose radius is 50.
const WELL: f64 = 36.0;

/// The drawing, as SVG text: numbers and class names only, whatever the id holds.
#[must_use]
pub fn plate_svg(id: &str, groups: &[(FoodGroup, Amount)]) -> String {
    let mut dice = Dice::new(id);
    let mut weighed: Vec<(FoodGroup, f64)> = groups
        .iter()
        .filter(|(group, amount)| {
            !matches!(group, FoodGroup::None | FoodGroup::Oils) && amount.0 > 0
        })
        // The square root of the weight, nearly: spinach must stay visible beside a potato.
        .map(|(group, amount)| (*group, amount.to_decimal().powf(0.7)))
        .collect();
    weighed.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    let total: f64 = weighed.iter().map(|(_, weight)| weight).sum();
    let heaps = weighed
        .iter()
        .take(HEAPS)
        .filter(|(_, weight)| *weight >= CRUMB * total)
        .count();
    let (heaps, crumbs) = weighed.split_at(heaps);

    let mut svg = String::with_capacity(2048);
    svg.push_str(r#"<svg viewBox="0 0 100 100"><circle class="rim" cx="50" cy="50" r="49"/><circle class="well" cx="50" cy="50" r="40"/>"#);
    match heaps {
        [] => {
            let _ = write!(
                svg,
                r#"<g class="g-none"><circle class="heap" cx="50" cy="50" r="27"/></g>"#
            );
        }
        [(group, _)] => {
            let radius = WELL - 4.0 - dice.roll() * 3.0;
            let _ = write!(
                svg,
                r#"<g class="g-{}"><circle class="heap" cx="50" cy="50" r="{radius:.1}"/>"#,
                name(*group)
            );
            texture(&mut svg, *group, 0.0, TAU, radius, &mut dice);
            svg.push_str("</g>");
        }
        _ => {
            let whole: f64 = heaps.iter().map(|(_, weight)| weight).sum();
            let (shift, toward) = (2.0 + dice.roll() * 4.0, dice.roll() * TAU);
            let (x, y) = (50.0 + shift * toward.cos(), 50.0 + shift * toward.sin());
            let mut from = dice.roll() * TAU;
            for (group, weight) in heaps {
                let to = from + TAU * weight / whole;
                heap(&mut svg, *group, (x, y), from, to, &mut dice);
                from = to;
            }
        }
    }
    for (group, _) in crumbs.iter().take(4) {
        let _ = write!(svg, r#"<g class="g-{}">"#, name(*group));
        for _ in 0..4 {
            let (angle, away) = (dice.roll() * TAU, 6.0 + dice.roll() * 24.0);
            let (x, y) = (50.0 + away * angle.cos(), 50.0 + away * angle.sin());
            let _ = write!(
                svg,
                r#"<circle class="crumb" cx="{x:.1}" cy="{y:.1}" r="{:.1}"/>"#,
                1.6 + dice.roll()
            );
        }
        svg.push_str("</g>");
    }
    if groups
        .iter()
        .any(|(group, amount)| *group == FoodGroup::Oils && amount.0 > 0)
    {
        let turn = dice.roll() * 360.0;
        let _ = write!(
            svg,
            r#"<g class="g-oils" transform="rotate({turn:.0} 50 50)"><path class="oil" d="M21 47c9-10 14 7 22-1s12 9 20 1 11 6 16-1"/></g>"#
        );
    }
    svg.push_str("</svg>");
    svg
}

/// One group's heap: a wedge with soft corners.
fn heap(
    svg: &mut String,
    group: FoodGroup,
    centre: (f64, f64),
    from: f64,
    to: f64,
    dice: &mut Dice,
) {
    let radius = WELL - dice.roll() * 3.5;
    let half = (to - from) / 2.0;
    let middle = from + half;
    // The stroke rounds the corners by 1.5; a gap of 2 more parts neighbours.
    let inset = 2.4 / half.min(PI / 2.0).sin().max(0.3);
    let trim = (2.6 / radius).min(half * 0.6);
    let (x, y) = (
        centre.0 + inset * middle.cos(),
        centre.1 + inset * middle.sin(),
    );
    let edge = |angle: f64| (50.0 + radius * angle.cos(), 50.0 + radius * angle.sin());
    let ((x0, y0), (x1, y1)) = (edge(from + trim), edge(to - trim));
    let large = i32::from(to - from - 2.0 * trim > PI);
    let _ = write!(
        svg,
        r#"<g class="g-{}"><path class="heap" d="M{x:.1} {y:.1}L{x0:.1} {y0:.1}A{radius:.1} {radius:.1} 0 {large} 1 {x1:.1} {y1:.1}z"/>"#,
        name(group)
    );
    texture(svg, group, from, to, radius, dice);
    svg.push_str("</g>");
}

/// The marks on a heap, one path a heap: veins, grains, beans, scales, grill lines.
fn texture(svg: &mut String, group: FoodGroup, from: f64, to: f64, radius: f64, dice: &mut Dice) {
    use FoodGroup as G;
    // A mark is drawn around 0,0 lying along x, then turned and moved to its place.
    let (mark, class, along): (&[(f64, f64)], &str, bool) = match group {
        G::LeafyGreens | G::OtherVegetables => {
            (&[(-2.6, 0.0), (0.0, -1.6), (2.6, 0.0)], "mark", false)
        }
        G::WholeGrains | G::RefinedGrains | G::Seeds => {
            (&[(-1.2, 0.0), (0.0, 0.0), (1.2, 0.0)], "mark", false)
        }
        G::Legumes | G::Soy | G::Nuts | G::Berries => {
            (&[(-1.5, 0.0), (0.0, -2.4), (1.5, 0.0)], "glint", false)
        }
        G::OilyFish | G::WhiteFish | G::Shellfish => {
            (&[(-2.4, -1.2), (0.0, 2.4), (2.4, -1.2)], "mark", true)
        }
        G::Poultry | G::RedMeat => (&[(-3.4, 0.0), (0.0, 0.0), (3.4, 0.0)], "mark", true),
        G::Dairy | G::Eggs | G::Mushrooms => {
            (&[(-3.0, 0.0), (0.0, -3.4), (3.0, 0.0)], "mark", true)
        }
        _ => (&[(-2.2, 0.0), (0.0, -2.2), (2.2, 0.0)], "glint", true),
    };
    let _ = write!(svg, r#"<path class="{class}" d=""#);
    for away in [11.0, 19.5, 28.0] {
        let inner = if away > 26.0 { radius - 6.5 } else { away };
        let length = (to - from) * inner;
        let count = ((length - 5.0) / 8.5).floor().max(0.0);
        for index in 0..count as i64 {
            let angle = from + (to - from) * (index as f64 + 0.5) / count;
            let turn = if along {
                angle + PI / 2.0
            } else {
                dice.roll() * PI
            };
            let away = inner + (dice.roll() - 0.5) * 2.0;
            let (x, y) = (50.0 + away * angle.cos(), 50.0 + away * angle.sin());
            let at = |(dx, dy): (f64, f64)| {
                (
                    x + dx * turn.cos() - dy * turn.sin(),
                    y + dx * turn.sin() + dy * turn.cos(),
                )
            };
            let [a, b, c] = [at(mark[0]), at(mark[1]), at(mark[2])];
            let _ = write!(
                svg,
                "M{:.1} {:.1}Q{:.1} {:.1} {:.1} {:.1}",
                a.0, a.1, b.0, b.1, c.0, c.1
            );
        }
    }
    svg.push_str(r#""/>"#);
}

/// The group's name in class names: `g-leafy_greens`.
#[must_use]
pub fn name(group: FoodGroup) -> &'static str {
    use FoodGroup as G;
    match group {
        G::LeafyGreens => "leafy_greens",
        G::RedOrangeVegetables => "red_orange_vegetables",
        G::OtherVegetables => "other_vegetables",
        G::StarchyVegetables => "starchy_vegetables",
        G::Mushrooms => "mushrooms",
        G::Fruit => "fruit",
        G::Berries => "berries",
        G::Citrus => "citrus",
        G::WholeGrains => "whole_grains",
        G::RefinedGrains => "refined_grains",
        G::Legumes => "legumes",
        G::Soy => "soy",
        G::Nuts => "nuts",
        G::Seeds => "seeds",
        G::Dairy => "dairy",
        G::Eggs => "eggs",
        G::OilyFish => "oily_fish",
        G::WhiteFish => "white_fish",
        G::Shellfish => "shellfish",
        G::Poultry => "poultry",
        G::RedMeat => "red_meat",
        G::Oils => "oils",
        G::None => "none",
    }
}

/// Numbers that look thrown but follow from a text (FNV-1a, then xorshift).
struct Dice(u32);

impl Dice {
    fn new(text: &str) -> Self {
        let hash = text.bytes().fold(0x811c_9dc5_u32, |hash, byte| {
            (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
        });
        Self(hash | 1)
    }

    /// From 0 to below 1.
    fn roll(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        f64::from(self.0 >> 8) / f64::from(1_u32 << 24)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dish_keeps_its_face() {
        let groups = [
            (FoodGroup::Legumes, Amount::whole(120)),
            (FoodGroup::WholeGrains, Amount::whole(80)),
        ];
        assert_eq!(plate_svg("a", &groups), plate_svg("a", &groups));
        assert_ne!(plate_svg("a", &groups), plate_svg("b", &groups));
    }

    #[test]
    fn nothing_on_the_plate_is_still_a_plate() {
        assert!(plate_svg("agua", &[]).contains("g-none"));
        assert!(!plate_svg("<script>", &[(FoodGroup::Fruit, Amount::whole(1))]).contains("script"));
    }
}
