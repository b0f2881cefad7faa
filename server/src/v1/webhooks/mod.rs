//! What gateways tell by themselves.

pub(crate) mod stripe;
