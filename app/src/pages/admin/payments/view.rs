use super::api::{AcceptPayments, PaymentsView, get_payments};
use crate::components::{Choice, Choices, Empty, Form, Notice, Skeleton, Submit};
use crate::context::t;
use crate::pages::admin::frame::{Section, panel};
use crate::pages::plan::answer;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;
use locales::Key;

#[component]
pub fn PaymentsPage() -> impl IntoView {
    let query = use_query_map();
    let saved = query.with_untracked(|query| query.get("saved").is_some());
    let campus = Memo::new(move |_| query.with(|query| query.get("campus")).unwrap_or_default());
    let payments = Resource::new_blocking(
        move || campus.get(),
        |campus| async move { get_payments(campus).await },
    );
    view! {
        <Title text=t(Key::AdminPaymentsTitle)/>
        <Suspense fallback=|| view! { <div class="page"><Skeleton lines=4/></div> }>
            {move || Suspend::new(async move {
                answer(payments.await, |data| page(data, saved))
            })}
        </Suspense>
    }
}

fn page(data: PaymentsView, saved: bool) -> AnyView {
    let head = view! {
        <h1>{t(Key::AdminPaymentsTitle)}</h1>
        <p class="lede">{t(Key::AdminPaymentsLede)}</p>
    };
    let body = if data.campuses.is_empty() {
        view! {
            <Empty title=t(Key::AdminPaymentsNone) text=t(Key::AdminPaymentsNoneText) within=true/>
        }
        .into_any()
    } else {
        campuses(data, saved)
    };
    panel(Section::Payments, head.into_any(), false, body)
}

fn campuses(data: PaymentsView, saved: bool) -> AnyView {
    let PaymentsView {
        campuses,
        campus,
        gateways,
        accepted,
    } = data;
    let name = campuses
        .iter()
        .find(|(slug, ..)| *slug == campus)
        .map(|(_, name, _)| name.clone())
        .unwrap_or_default();
    let rows = campuses
        .into_iter()
        .map(|(slug, name, taken)| {
            let current = (slug == campus).then_some("true");
            let href = format!("/admin/payments?campus={slug}");
            view! {
                <tr>
                    <th scope="row"><a href=href aria-current=current>{name}</a></th>
                    <td data-label=t(Key::AdminPaymentsTakes)>{taken}</td>
                </tr>
            }
        })
        .collect_view();
    let options = gateways
        .into_iter()
        .map(|one| Choice::new(one.key, one.title).note(one.note))
        .collect();
    let seen = accepted
        .iter()
        .map(|key| view! { <input type="hidden" name="seen[]" value=key.clone()/> })
        .collect_view();
    let saved = saved.then(|| {
        view! { <Notice tone="leaf"><p role="status">{t(Key::AdminPaymentsSaved)}</p></Notice> }
    });
    view! {
        {saved}
        <section class="card" aria-labelledby="payments-campuses">
            <h2 class="h3" id="payments-campuses">{t(Key::AdminPaymentsCampuses)}</h2>
            <div class="table-box">
                <table class="table table--cards">
                    <thead>
                        <tr>
                            <th scope="col">{t(Key::AdminPaymentsCampus)}</th>
                            <th scope="col">{t(Key::AdminPaymentsTakes)}</th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
        </section>
        <section class="card" aria-labelledby="payments-campus">
            <h2 class="h3" id="payments-campus">{name}</h2>
            <Form action=AcceptPayments::PATH changed=Key::AdminPaymentsChanged>
                <input type="hidden" name="campus" value=campus/>
                {seen}
                <Choices
                    name="gateways[]"
                    legend=t(Key::AdminPaymentsLegend)
                    hint=t(Key::AdminPaymentsHint)
                    options=options
                    selected=accepted
                    several=true
                />
                <Submit label=t(Key::AdminPaymentsSave)/>
            </Form>
        </section>
    }
    .into_any()
}
