//! The seven days at a glance, and each of them in numbers.
//!
//! A day is chosen by a radio button, and the style sheet shows what belongs to it: no script, no
//! request, and the arrow keys work. All of it is one form, whose buttons order a day or a meal.

use super::api::{BarView, DayView, MealView, PlanView, RingView, WeekHead};
use crate::components::icon;
use crate::components::{Bar, Form, Icon, Plate, Ring};
use crate::context::{fill, t};
use crate::pages::cart::api::OrderPlan;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use locales::Key;

/// Seven days beside each other, or on a narrow screen one at a time, and the numbers of one.
/// Where there is a campus, what is planned can be ordered.
pub(super) fn days(plan: &PlanView, head: &WeekHead, orderable: bool) -> AnyView {
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
        .map(|(day, index)| {
            let order = orderable.then_some(index);
            column(day, index == first, today == Some(index), order)
        })
        .collect_view();
    let details = days
        .map(|(day, index)| detail(day, orderable.then_some(index)))
        .collect_view();
    let version = head.query.strip_prefix("?plan=").unwrap_or_default();
    let (week, version) = (head.week.clone(), version.to_owned());
    view! {
        <Form action=OrderPlan::PATH class="days">
            <input type="hidden" name="week" value=week/>
            <input type="hidden" name="plan" value=version/>
            <fieldset class="week" style=format!("--meals:{meals}")>
                <legend class="visually-hidden">{t(Key::PlanDays)}</legend>
                {columns}
            </fieldset>
            <div class="day-details">{details}</div>
        </Form>
    }
    .into_any()
}

/// A day's meals; `order` is its place in the week, where they can be ordered.
fn column(day: &DayView, chosen: bool, today: bool, order: Option<u32>) -> AnyView {
    let meals = day.meals.iter().zip(0_u32..);
    let meals = meals
        .map(|(one, place)| meal(one, order.map(|day| format!("{day}:{place}"))))
        .collect_view();
    let today = today.then(|| view! { <span class="week__today">{t(Key::PlanToday)}</span> });
    // It belongs to no form: the Enter key orders nothing.
    view! {
        <div class="week__day">
            <label class="week__head">
                <input type="radio" form="no-form" name="day" value=day.number.clone() checked=chosen autocomplete="off"/>
                <span class="week__name"><abbr title=day.weekday.clone()>{day.short.clone()}</abbr>" "{today}</span>
                <b>{day.number.clone()}</b>
                <span class="num week__energy">{day.energy.clone()}"\u{a0}kcal"</span>
            </label>
            <ul class="week__meals">{meals}</ul>
        </div>
    }
    .into_any()
}

fn meal(meal: &MealView, order: Option<String>) -> AnyView {
    let MealView {
        meal,
        dish,
        name,
        groups,
        energy,
        servings,
    } = meal.clone();
    let order = order.map(|order| {
        let spoken = fill(Key::PlanOrderMeal, &[("name", &name)]);
        view! {
            <button class="icon-btn week__order no-print" name="order" value=order aria-label=spoken.clone() title=spoken>
                <Icon path=icon::BASKET/>
            </button>
        }
    });
    view! {
        <li class="week__meal">
            <Plate id=dish.clone() groups=groups/>
            <span class="eyebrow">{meal}</span>
            <a href=format!("/dishes/{dish}")>{name}</a>
            <span class="num week__facts"><span>{energy}</span><span>{servings}</span></span>
            {order}
        </li>
    }
    .into_any()
}

fn detail(day: &DayView, order: Option<u32>) -> AnyView {
    let mut rings = day.rings.iter().map(ring);
    let energy = rings.next();
    let order = order.map(|order| {
        view! {
            <button class="btn btn--block no-print" name="order" value=order.to_string()>
                <Icon path=icon::BASKET/>{t(Key::PlanOrderDay)}
            </button>
        }
    });
    view! {
        <section class="card day-detail">
            <h2 class="h3">{day.weekday.clone()}" "<span class="muted">{day.date.clone()}</span></h2>
            <div class="day__rings">{energy}<div class="rings">{rings.collect_view()}</div></div>
            {totals(day)}
            {order}
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
