use super::api::{
    CartLineView, CartView, ChangeCart, ClearCart, OrderPlan, PlanAdded, PlanMeals, get_cart,
};
use crate::components::icon;
use crate::components::{Empty, Form, Icon, Notice, Plate, Skeleton};
use crate::context::{fill, t};
use crate::pages::menu::{allergens, forbidden};
use crate::pages::plan::answer;
use domain::order::QUANTITY_MOST;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;
use locales::Key;

#[component]
pub fn CartPage() -> impl IntoView {
    let query = use_query_map();
    let asked = Memo::new(move |_| {
        query.with(|query| {
            let part = |name: &str| query.get(name).unwrap_or_default();
            let meals = PlanMeals {
                week: part("week"),
                plan: part("plan"),
                day: part("day"),
                meal: part("meal"),
            };
            let missing = query.get_all("missing").unwrap_or_default();
            (meals, part("added"), missing)
        })
    });
    let cart = Resource::new_blocking(
        move || asked.get(),
        |(meals, added, missing)| async move { get_cart(meals, added, missing).await },
    );
    view! {
        <Title text=t(Key::CartTitle)/>
        <Suspense fallback=|| view! { <div class="page"><Skeleton lines=4/></div> }>
            {move || Suspend::new(async move { answer(cart.await, page) })}
        </Suspense>
    }
}

fn page(data: CartView) -> AnyView {
    let CartView {
        campus,
        lines,
        count,
        total,
        energy,
        allergens: all,
        orderable,
        plan,
    } = data;
    let plan = plan.map(from_plan);
    let Some((slug, campus)) = campus.filter(|_| !lines.is_empty()) else {
        return view! {
            <div class="page page--text stack stack--l">
                {plan}
                <Empty title=t(Key::CartEmpty) text=t(Key::CartEmptyText)>
                    <a class="btn btn--primary" href="/menu">{t(Key::CartToMenu)}<Icon path=icon::ARROW/></a>
                </Empty>
            </div>
        }
        .into_any();
    };
    let lines = lines.into_iter().map(line).collect_view();
    let checkout = if orderable {
        view! { <a class="btn btn--primary btn--l btn--block" href="/checkout">{t(Key::CartCheckout)}<Icon path=icon::ARROW/></a> }
            .into_any()
    } else {
        view! { <Notice tone="saffron"><p>{t(Key::CartNotOrderable)}</p></Notice> }.into_any()
    };
    view! {
        <div class="page stack stack--l">
            <div class="stack stack--s">
                <p class="eyebrow">{campus}</p>
                <h1>{t(Key::CartTitle)}</h1>
            </div>
            {plan}
            <div class="split">
                <div class="stack">
                    <Form action=ChangeCart::PATH>
                        <ul class="cart-lines">{lines}</ul>
                    </Form>
                    <div class="cluster cluster--between">
                        <a class="btn btn--quiet" href=format!("/menu/{slug}")><Icon path=icon::BACK/>{t(Key::CartMore)}</a>
                        <Form action=ClearCart::PATH><button class="btn btn--quiet">{t(Key::CartClear)}</button></Form>
                    </div>
                </div>
                <aside class="card split__aside" aria-labelledby="cart-total">
                    <h2 class="h4" id="cart-total">{t(Key::CartTotal)}</h2>
                    <p class="order-total num">{total}</p>
                    <p class="small muted num">{count}" · "{energy}</p>
                    {allergens(all)}
                    {checkout}
                </aside>
            </div>
        </div>
    }
    .into_any()
}

fn line(line: CartLineView) -> AnyView {
    let button = |quantity: i64, label: Key, path: &'static str| {
        let spoken = fill(label, &[("name", &line.name)]);
        let value = format!("{}:{quantity}", line.id);
        view! {
            <button class="icon-btn" name="set" value=value aria-label=spoken.clone() title=spoken><Icon path=path/></button>
        }
    };
    let less = (line.quantity > 1).then(|| button(line.quantity - 1, Key::CartLess, icon::MINUS));
    let more = (line.quantity < QUANTITY_MOST)
        .then(|| button(line.quantity + 1, Key::CartMoreOf, icon::PLUS));
    let remove = button(0, Key::CartRemove, icon::CLOSE);
    let options = (!line.options.is_empty()).then(|| view! { <p class="small">{line.options}</p> });
    let trouble = (!line.trouble.is_empty()).then(|| {
        view! { <p class="field__error"><Icon path=icon::ALERT/><span>{line.trouble}</span></p> }
    });
    let id = format!("line-{}", line.id);
    view! {
        <li class="cart-line" aria-labelledby=id.clone()>
            <Plate id=line.reference groups=line.groups/>
            <div class="cart-line__body">
                <h2 class="h4" id=id.clone()><a href=line.href>{line.name}</a></h2>
                {options}
                <p class="small muted num">{line.each}" · "{line.energy}</p>
                {allergens(line.allergens)}
                {trouble}
                {forbidden(line.forbidden)}
            </div>
            <div class="cart-line__side">
                <b class="num">{line.price}</b>
                <div class="quantity">
                    {less}
                    <span class="num"><span class="visually-hidden">{t(Key::CartQuantity)}" "</span>{line.quantity}</span>
                    {more}
                    {remove}
                </div>
            </div>
        </li>
    }
    .into_any()
}

/// What the plan put in, what it could not, and where else it can be ordered.
fn from_plan(plan: PlanAdded) -> AnyView {
    let PlanAdded {
        text,
        missing,
        others,
        meals,
    } = plan;
    let tone = if missing.is_empty() {
        "leaf"
    } else {
        "saffron"
    };
    let missing = (!missing.is_empty()).then(|| {
        let items = missing
            .into_iter()
            .map(|dish| view! { <li>{dish}</li> })
            .collect_view();
        view! { <div><p>{t(Key::CartPlanMissing)}</p><ul class="remarks">{items}</ul></div> }
    });
    let order = if meals.meal.is_empty() {
        meals.day.clone()
    } else {
        format!("{}:{}", meals.day, meals.meal)
    };
    let elsewhere = (!others.is_empty()).then(|| {
        let buttons = others
            .into_iter()
            .map(|(slug, label)| view! { <button class="btn btn--s" name="campus" value=slug>{label}</button> })
            .collect_view();
        view! {
            <Form action=OrderPlan::PATH class="cluster cluster--s">
                <input type="hidden" name="week" value=meals.week/>
                <input type="hidden" name="plan" value=meals.plan/>
                <input type="hidden" name="order" value=order/>
                {buttons}
            </Form>
        }
    });
    view! {
        <Notice tone=tone title=text>
            <div class="stack stack--s">{missing}{elsewhere}</div>
        </Notice>
    }
    .into_any()
}
