//! The API: `/v1/<noun>/<verb>`, one file an endpoint. Its description is made from the code.

pub(crate) mod admin;
mod auth;
mod body;
mod cart;
mod catalogue;
mod diet;
mod dishes;
mod events;
mod foods;
mod inbox;
mod kitchen;
mod menu;
mod notifications;
mod orders;
mod profile;
mod stock;
mod time;
mod wallet;
mod webhooks;

use axum::Router;
use axum::http::{HeaderValue, header};
use axum::middleware;
use utoipa::OpenApi;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use utoipa_swagger_ui::SwaggerUi;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "NutriFlow",
        description = "From a profile to a plate. Times are RFC 3339; errors are RFC 9457 problem documents; \
                       lists are `{items, nextCursor}`. Sign in with `POST /v1/auth/token` and send the access \
                       token as `Authorization: Bearer …`."
    ),
    modifiers(&Bearer),
    security(("bearer" = [])),
    tags(
        (name = "auth", description = "Accounts and tokens"),
        (name = "profile", description = "Who you are and what you may eat"),
        (name = "diet", description = "Weeks of meals"),
        (name = "catalogue", description = "Dishes and foods"),
        (name = "menu", description = "Campuses and what they sell"),
        (name = "stock", description = "What there is of each menu item, for staff and administrators"),
        (name = "events", description = "What happens, as it happens"),
        (name = "inbox", description = "What you were told"),
        (name = "notifications", description = "How you are told of your orders, by e-mail, short message and browser"),
        (name = "cart", description = "What you mean to order"),
        (name = "orders", description = "What was ordered, and what became of it"),
        (name = "wallet", description = "What you have here, how it came and went"),
        (name = "webhooks", description = "What gateways tell"),
        (name = "admin", description = "The queue and the installation, for those who run them"),
    )
)]
struct Description;

struct Bearer;

impl utoipa::Modify for Bearer {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let scheme = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .bearer_format("JWT")
            .build();
        openapi
            .components
            .get_or_insert_default()
            .add_security_scheme("bearer", SecurityScheme::Http(scheme));
    }
}

/// The endpoints, their description and the page to browse it.
pub fn router() -> Router {
    let (router, description) = OpenApiRouter::with_openapi(Description::openapi())
        .routes(routes!(auth::register::register))
        .routes(routes!(auth::token::token))
        .routes(routes!(profile::get::get, profile::put::put))
        .routes(routes!(
            diet::request_plan::request_plan,
            diet::list_plans::list_plans
        ))
        .routes(routes!(diet::get_plan::get_plan))
        .routes(routes!(diet::get_job::get_job))
        .routes(routes!(dishes::list::list))
        .routes(routes!(dishes::get::get))
        .routes(routes!(foods::search::search))
        .routes(routes!(menu::campuses::campuses))
        .routes(routes!(menu::list::list))
        .routes(routes!(menu::get::get))
        .routes(routes!(menu::set_state::set_state))
        .routes(routes!(menu::payments::payments))
        .routes(routes!(events::events))
        .routes(routes!(inbox::list::list))
        .routes(routes!(inbox::read::read))
        .routes(routes!(notifications::get::get, notifications::put::put))
        .routes(routes!(notifications::ask_for_code::ask_for_code))
        .routes(routes!(notifications::confirm_phone::confirm_phone))
        .routes(routes!(notifications::subscribe::subscribe))
        .routes(routes!(notifications::unsubscribe::unsubscribe))
        .routes(routes!(cart::get::get, cart::clear::clear))
        .routes(routes!(cart::add::add))
        .routes(routes!(
            cart::set_quantity::set_quantity,
            cart::remove::remove
        ))
        .routes(routes!(cart::add_plan::add_plan))
        .routes(routes!(orders::place::place, orders::list::list))
        .routes(routes!(orders::get::get))
        .routes(routes!(orders::status::status))
        .routes(routes!(orders::cancel::cancel))
        .routes(routes!(orders::advance::advance))
        .routes(routes!(orders::today::today))
        .routes(routes!(orders::substitutes::substitutes))
        .routes(routes!(orders::refuse::refuse))
        .routes(routes!(orders::answer::answer))
        .routes(routes!(kitchen::get::get))
        .routes(routes!(kitchen::board::board))
        .routes(routes!(admin::jobs::list::list))
        .routes(routes!(admin::jobs::change_all::change_all))
        .routes(routes!(admin::jobs::get::get))
        .routes(routes!(admin::jobs::change::change))
        .routes(routes!(admin::changes::undo::undo))
        .routes(routes!(admin::dead_events::list::list))
        .routes(routes!(admin::dead_events::repeat::repeat))
        .routes(routes!(admin::deliveries::list::list))
        .routes(routes!(admin::deliveries::export::export))
        .routes(routes!(admin::deliveries::get::get))
        .routes(routes!(admin::deliveries::repeat::repeat))
        .routes(routes!(admin::payments::list::list))
        .routes(routes!(admin::payments::put::put))
        .routes(routes!(admin::queues::list::list))
        .routes(routes!(admin::queues::patch::patch))
        .routes(routes!(admin::schedules::run::run))
        .routes(routes!(admin::system::get::get))
        .routes(routes!(admin::audit::list::list))
        .routes(routes!(admin::audit::export::export))
        .routes(routes!(
            admin::campuses::get::get,
            admin::campuses::put::put
        ))
        .routes(routes!(
            admin::menu_items::list::list,
            admin::menu_items::create::create
        ))
        .routes(routes!(admin::menu_items::export::export))
        .routes(routes!(
            admin::menu_items::get::get,
            admin::menu_items::put::put,
            admin::menu_items::delete::delete
        ))
        .routes(routes!(admin::menu_items::restore::restore))
        .routes(routes!(admin::menu_items::options::options))
        .routes(routes!(admin::orders::list::list))
        .routes(routes!(admin::orders::export::export))
        .routes(routes!(admin::orders::get::get))
        .routes(routes!(admin::orders::refund::refund))
        .routes(routes!(admin::overview::get::get))
        .routes(routes!(admin::people::list::list))
        .routes(routes!(admin::people::export::export))
        .routes(routes!(
            admin::people::get::get,
            admin::people::patch::patch
        ))
        .routes(routes!(admin::search::get::get))
        .routes(routes!(wallet::balance::balance))
        .routes(routes!(wallet::entries::entries))
        .routes(routes!(wallet::top_up::top_up))
        .routes(routes!(wallet::get_top_up::get_top_up))
        .routes(routes!(wallet::top_up_by_staff::top_up_by_staff))
        .routes(routes!(webhooks::stripe::stripe))
        .routes(routes!(stock::list::list))
        .routes(routes!(stock::movements::movements, stock::record::record))
        .routes(routes!(stock::import::import))
        .routes(routes!(stock::export::export))
        .split_for_parts();
    let docs = Router::new()
        .merge(SwaggerUi::new("/v1/docs").url("/v1/openapi.json", description))
        // The page that browses the description styles itself inline.
        .layer(middleware::map_response(
            |mut response: axum::response::Response| async {
                response.headers_mut().insert(
                header::CONTENT_SECURITY_POLICY,
                HeaderValue::from_static(
                    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
                     frame-ancestors 'none'; base-uri 'none'",
                ),
            );
                response
            },
        ));
    // The catalogue of the browser's engine is no part of the described API: it changes with it.
    router
        .route(
            "/v1/catalogue/{version}",
            axum::routing::get(catalogue::get),
        )
        .merge(docs)
}
