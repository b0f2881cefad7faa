//! The seven days at a glance, and each of them in numbers.
//!
//! A day is chosen by a radio button, and the style sheet shows what belongs to it: no script, no
//! request, and the arrow keys work.

use super::api::{BarView, DayView, MealView, PlanView, RingView};
use crate::components::{Bar, Plate, Ring};
use crate::context::t;
use leptos::prelude::*;
use locales::Key;

/// Seven days beside each other, or on a narrow screen one at a time, and the numbers of one.
pub(super) fn days(plan: &PlanView) -> AnyView {
    let (today, first) = (plan.today, plan.first_day);
    let days = plan.days.iter().zip(0_u32..);
    let meals = plan
        .days
        .iter()
        .map(|day| day.meals.len())
        .max()
        .unwrap_or_default();
    let columns = days
        .clone()
        .map(|(day, index)| column(day, index == first, today == Some(index)))
        .collect_view();
    let details = days.map(|(day, _)| detail(day)).collect_view();
    view! {
        <div class="days">
            <fieldset class="week" style=format!("--meals:{meals}")>
                <legend class="visually-hidden">{t(Key::PlanDays)}</legend>
                {columns}
            </fieldset>
            <div class="day-details">{details}</div>
        </div>
    }
    .into_any()
}

fn column(day: &DayView, chosen: bool, today: bool) -> AnyView {
    let meals = day.meals.iter().map(meal).collect_view();
    let today = today.then(|| view! { <span class="week__today">{t(Key::PlanToday)}</span> });
    view! {
        <div class="week__day">
            <label class="week__head">
                <input type="radio" name="day" value=day.number.clone() checked=chosen autocomplete="off"/>
                <span class="week__name"><abbr title=day.weekday.clone()>{day.short.clone()}</abbr>" "{today}</span>
                <b>{day.number.clone()}</b>
                <span class="num week__energy">{day.energy.clone()}"\u{a0}kcal"</span>
            </label>
            <ul class="week__meals">{meals}</ul>
        </div>
    }
    .into_any()
}

fn meal(meal: &MealView) -> AnyView {
    let MealView {
        meal,
        dish,
        name,
        groups,
        energy,
        servings,
    } = meal.clone();
    view! {
        <li class="week__meal">
            <Plate id=dish.clone() groups=groups/>
            <span class="eyebrow">{meal}</span>
            <a href=format!("/dishes/{dish}")>{name}</a>
            <span class="num week__facts"><span>{energy}</span><span>{servings}</span></span>
        </li>
    }
    .into_any()
}

fn detail(day: &DayView) -> AnyView {
    let mut rings = day.rings.iter().map(ring);
    let energy = rings.next();
    view! {
        <section class="card day-detail">
            <h2 class="h3">{day.weekday.clone()}" "<span class="muted">{day.date.clone()}</span></h2>
            <div class="day__rings">{energy}<div class="rings">{rings.collect_view()}</div></div>
            {totals(day)}
        </section>
    }
    .into_any()
}

fn ring(ring: &RingView) -> AnyView {
    let RingView {
        class,
        label,
        value,
        text,
        caption,
    } = ring.clone();
    let size = if class == "macro-energy" {
        "ring--l"
    } else {
        "ring--s"
    };
    view! {
        <figure><Ring class=format!("{size} {class}") value=value text=text caption=caption/><figcaption>{label}</figcaption></figure>
    }
    .into_any()
}

fn totals(day: &DayView) -> AnyView {
    let rows = day
        .totals
        .iter()
        .map(|total| {
            view! {
                <tr>
                    <th scope="row">{total.label.clone()}</th>
                    <td class="totals__bar">{draw_bar(total.bar)}</td>
                    <td class="num muted totals__target">{total.target.clone()}</td>
                    <td class="num">{total.amount.clone()}</td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <div class="table-box">
            <table class="table table--cards totals">
                <caption>{t(Key::PlanAgainst)}</caption>
                <thead>
                    <tr>
                        <th scope="col">{t(Key::PlanColumnNutrient)}</th>
                        <th scope="col"><span class="visually-hidden">{t(Key::PlanColumnBar)}</span></th>
                        <th scope="col" class="num">{t(Key::PlanColumnTarget)}</th>
                        <th scope="col" class="num">{t(Key::PlanColumnAmount)}</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
    .into_any()
}

/// A bar from its data.
pub(crate) fn draw_bar(bar: BarView) -> AnyView {
    view! { <Bar value=bar.value mark=bar.mark limit=bar.limit tone=bar.tone.name()/> }.into_any()
}
