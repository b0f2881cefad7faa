//! Descriptions of the types whose form on the wire is written by hand.

use crate::amount::Amount;
use crate::week::{Date, IsoWeek};
use utoipa::openapi::schema::{ObjectBuilder, Schema, SchemaFormat, SchemaType, Type};
use utoipa::openapi::{KnownFormat, RefOr};
use utoipa::{PartialSchema, ToSchema};

fn described(kind: Type) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(SchemaType::new(kind))
}

impl PartialSchema for Amount {
    fn schema() -> RefOr<Schema> {
        described(Type::Number)
            .description(Some("A decimal number with at most three places"))
            .into()
    }
}

impl ToSchema for Amount {}

impl PartialSchema for IsoWeek {
    fn schema() -> RefOr<Schema> {
        described(Type::String)
            .description(Some("An ISO week"))
            .pattern(Some("^[0-9]{4}-W[0-9]{2}$"))
            .into()
    }
}

impl ToSchema for IsoWeek {}

impl PartialSchema for Date {
    fn schema() -> RefOr<Schema> {
        described(Type::String)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Date)))
            .into()
    }
}

impl ToSchema for Date {}
