//! JSON Schemas of Rust types, in the form that Converse takes.
//!
//! # Invariants
//! - Properties keep the order of the fields, because models write them in that order.
//! - The top level of an input schema is an object.

use schemars::{JsonSchema, generate::SchemaSettings};
use serde_json::{Value, json};

use crate::RawJson;

/// The JSON Schema (draft 2020-12) of what `T` reads, without `$schema` and without the title of the type.
///
/// A type without fields, such as `()`, gives the empty object's schema, so that it can stand for a tool without
/// arguments.
///
/// ```
/// use outcrop_core::schema_of;
/// assert_eq!(schema_of::<()>().as_str(), r#"{"type":"object","properties":{}}"#);
/// ```
pub fn schema_of<T: JsonSchema>() -> RawJson {
    let settings = SchemaSettings::draft2020_12().with(|settings| settings.meta_schema = None);
    let mut schema = Value::from(settings.for_deserialize().into_generator().into_root_schema_for::<T>());
    if let Value::Object(members) = &mut schema {
        members.shift_remove("title");
        if members.get("type").is_some_and(|kind| kind == "null") {
            return json!({ "type": "object", "properties": {} }).into();
        }
        if members.get("type").is_some_and(|kind| kind == "object") {
            members.entry("properties").or_insert_with(|| json!({}));
        }
    }
    schema.into()
}
