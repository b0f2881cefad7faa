use super::api::{GroupView, ItemView, get_item};
use crate::components::icon;
use crate::components::{Field, Form, FormState, Icon, Plate, Skeleton};
use crate::context::t;
use crate::pages::cart::api::AddToCart;
use crate::pages::cart::other_campus;
use crate::pages::menu::{allergens, diets, forbidden, stock_chip};
use crate::pages::plan::answer;
use crate::shell::Assets;
use leptos::nonce::use_nonce;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;
use locales::Key;

/// Says what comes of a choice while somebody chooses.
const CHOOSE: &str = include_str!("choose.js");

#[component]
pub fn MenuItemPage() -> impl IntoView {
    let params = use_params_map();
    let asked = Memo::new(move |_| {
        let part = |name: &str| params.with(|params| params.get(name)).unwrap_or_default();
        (part("campus"), part("item"))
    });
    let item = Resource::new_blocking(
        move || asked.get(),
        |(campus, id)| async move { get_item(campus, id).await },
    );
    view! {
        <Suspense fallback=|| view! { <div class="page"><Skeleton lines=4/></div> }>
            {move || Suspend::new(async move { answer(item.await, page) })}
        </Suspense>
    }
}

fn page(item: ItemView) -> AnyView {
    let ItemView {
        campus: (slug, campus),
        card,
        dish,
        facts,
        pickup,
        groups,
        rules,
        choice,
        orderable,
    } = item;
    let facts = facts
        .into_iter()
        .map(|(label, value)| view! { <div><dt>{label}</dt><dd class="num">{value}</dd></div> })
        .collect_view();
    let recipe =
        (!dish.is_empty()).then(|| view! { <p><a href=dish>{t(Key::MenuItemDish)}</a></p> });
    let order = if orderable {
        order_form(&card.id, groups, rules, choice)
    } else {
        view! { <p class="muted">{t(Key::MenuItemNotNow)}</p> }.into_any()
    };
    view! {
        <Title text=card.name.clone()/>
        <div class="page stack stack--l">
            <p><a class="btn btn--quiet btn--s dish__back" href=format!("/menu/{slug}")><Icon path=icon::BACK/>{campus}</a></p>
            <div class="split menu-item">
                <div class="stack stack--l">
                    <header class="menu-item__head">
                        <Plate id=card.reference groups=card.groups size="plate--xl"/>
                        <div class="stack stack--s">
                            <h1>{card.name}</h1>
                            <p class="cluster">
                                <b class="order-total num">{card.price}</b>
                                {stock_chip(card.stock)}
                            </p>
                            <p class="num">{pickup}</p>
                            {forbidden(card.forbidden)}
                            {allergens(card.allergens)}
                            {diets(card.diets)}
                            {recipe}
                        </div>
                    </header>
                    <section class="stack stack--s" aria-labelledby="item-facts">
                        <h2 class="h4" id="item-facts">{t(Key::MenuItemFacts)}</h2>
                        <dl class="dish-facts">{facts}</dl>
                    </section>
                </div>
                <section class="card" aria-labelledby="item-order">
                    <h2 class="h3" id="item-order">{t(Key::MenuItemOrder)}</h2>
                    {order}
                </section>
            </div>
        </div>
    }
    .into_any()
}

fn order_form(
    id: &str,
    groups: Vec<GroupView>,
    rules: Vec<String>,
    choice: (String, String),
) -> AnyView {
    let id = id.to_owned();
    let choice = (!groups.is_empty()).then(|| chosen(choice));
    let rules = (!rules.is_empty()).then(|| {
        let items = rules
            .into_iter()
            .map(|rule| view! { <li>{rule}</li> })
            .collect_view();
        view! { <ul class="remarks small muted" aria-label=t(Key::MenuItemRules)>{items}</ul> }
    });
    view! {
        <Form action=AddToCart::PATH>
            <input type="hidden" name="item" value=id/>
            {groups.into_iter().map(|one| view! { <OptionsOf group=one/> }).collect_view()}
            {rules}
            {choice}
            <div class="portions">
                <Field name="quantity" label=t(Key::MenuItemQuantity) inputmode="numeric" value="1"/>
                <button class="btn btn--primary btn--l">{t(Key::MenuItemAdd)}</button>
            </div>
            {other_campus()}
        </Form>
    }
    .into_any()
}

/// What one portion is as it is chosen now. The `chooser` module fills it in, and checks the choice by
/// the rules that the server goes by; without it nothing is shown.
fn chosen((item, words): (String, String)) -> AnyView {
    let assets: Assets = expect_context();
    let script = format!(
        "({CHOOSE})({:?},{:?})",
        assets.chooser_js, assets.chooser_wasm
    );
    view! {
        <div class="choice" role="status" data-choice="true" data-item=item data-words=words hidden>
            <p class="cluster cluster--s"><b class="order-total num" data-price="true"></b><span class="small muted num" data-energy="true"></span></p>
            <p class="small"><span class="muted">{t(Key::MenuAllergens)}</span>" "<span data-allergens="true"></span></p>
        </div>
        <script type="module" nonce=use_nonce()>{script}</script>
    }
    .into_any()
}

/// The options of a group: radio buttons where one is chosen, else checkboxes. What is wrong with the
/// choice stands beneath.
#[component]
fn OptionsOf(group: GroupView) -> impl IntoView {
    let GroupView {
        key,
        name,
        hint,
        several,
        optional,
        options,
    } = group;
    let state = FormState::current();
    let field = format!("choices[{key}][]");
    // A group in which nothing is ticked is not among what was sent.
    let sent = state
        .typed("item")
        .is_some()
        .then(|| state.all_typed(&field).unwrap_or_default());
    let error = state.error(&field);
    let autofocus = state.takes_focus(&field);
    let (hint_id, error_id) = (format!("{key}-hint"), format!("{key}-error"));
    let described = format!("{error_id} {hint_id}");
    let kind = if several { "checkbox" } else { "radio" };
    let nothing_chosen = match &sent {
        Some(sent) => sent.iter().all(String::is_empty),
        None => options.iter().all(|option| !option.chosen),
    };
    let none = (optional && !several).then(|| {
        let field = field.clone();
        view! {
            <label>
                <input type="radio" name=field value="" checked=nothing_chosen/>
                <b>{t(Key::MenuItemNone)}</b>
            </label>
        }
    });
    let invalid = error.is_some();
    let options = options
        .into_iter()
        .enumerate()
        .map(|(place, option)| {
            let checked = match &sent {
                Some(sent) => sent.contains(&option.key),
                None => option.chosen,
            };
            let note = (!option.note.is_empty()).then(|| view! { <small>{option.note}</small> });
            let against = (!option.forbidden.is_empty()).then(|| {
                let reasons = option.forbidden.join(", ");
                view! { <small class="forbidden">{t(Key::MenuForbidden)}" "{reasons}</small> }
            });
            let field = field.clone();
            view! {
                <label>
                    <input type=kind name=field value=option.key checked=checked autofocus=autofocus && place == 0/>
                    <b>{option.name}</b>
                    {note}
                    {against}
                </label>
            }
        })
        .collect_view();
    let error = error.map(|text| {
        view! { <p class="field__error" id=error_id><Icon path=icon::ALERT/><span>{text}</span></p> }
    });
    view! {
        <fieldset class="field" aria-describedby=described data-group=key>
            <legend>{name}</legend>
            <p class="field__hint" id=hint_id>{hint}</p>
            <div class="choices" aria-invalid=invalid.then_some("true")>{none}{options}</div>
            {error}
        </fieldset>
    }
    .into_any()
}
