//! JSON Schemas of Rust types, in the form that Converse takes.
//!
//! # Invariants
//! - Properties keep the order of the fields, because models write them in that order.
//! - The top level of an input schema is an object.

use std::fmt;

use schemars::{JsonSchema, SchemaGenerator, generate::SchemaSettings};
use serde_json::{Map, Value, json};

use crate::wire::RawJson;
use crate::wire::ToolSpec;

/// The JSON Schema (draft 2020-12) of what `T` reads, without `$schema` and without the title of the type.
///
/// A type that is written as another, such as a struct of one field without a name, has that type's schema.
/// A type without fields, such as `()`, gives the empty object's schema, so that it can stand for a tool without
/// arguments.
///
/// ```
/// use outcrop_core::schema_of;
/// assert_eq!(schema_of::<()>().as_str(), r#"{"type":"object","properties":{}}"#);
/// ```
pub fn schema_of<T: JsonSchema>() -> RawJson {
    let mut schema = Value::from(generator().into_root_schema_for::<T>());
    if let Value::Object(members) = &mut schema {
        members.shift_remove("title");
        resolve(members);
        if members.get("type").is_some_and(|kind| kind == "null") {
            return json!({ "type": "object", "properties": {} }).into();
        }
        if members.get("type").is_some_and(|kind| kind == "object") {
            members.entry("properties").or_insert_with(|| json!({}));
        }
    }
    schema.into()
}

/// Puts a definition in the place of a reference to it, beside what else is said there. The service asks for the type
/// at the top level itself.
fn resolve(members: &mut Map<String, Value>) {
    let Some(Value::String(reference)) = members.get("$ref") else { return };
    let Some(name) = reference.strip_prefix("#/$defs/").map(str::to_owned) else { return };
    let Some(Value::Object(definition)) = members.get("$defs").and_then(|all| all.get(&name)) else { return };
    let (definition, whole) = (definition.clone(), format!("\"{reference}\""));
    members.shift_remove("$ref");
    let mut definitions = members.shift_remove("$defs");
    for (key, value) in definition {
        members.entry(key).or_insert(value);
    }
    if let Some(Value::Object(all)) = &mut definitions {
        // It may stand in itself, or in others.
        let used = [&*members, &*all].iter().any(|part| json!(part).to_string().contains(&whole));
        if !used {
            all.shift_remove(&name);
        }
        if !all.is_empty() {
            members.insert("$defs".to_owned(), all.clone().into());
        }
    }
}

fn generator() -> SchemaGenerator {
    let settings = SchemaSettings::draft2020_12().with(|settings| settings.meta_schema = None);
    settings.for_deserialize().into_generator()
}

/// The schema of an object whose members are known one by one, such as the parameters of a function.
///
/// ```
/// use outcrop_core::schema::ObjectSchema;
/// let mut schema = ObjectSchema::new();
/// schema.property::<String>("city", "City name.", None, true);
/// assert_eq!(
///     schema.finish().as_str(),
///     r#"{"type":"object","properties":{"city":{"type":"string","description":"City name."}},"required":["city"]}"#
/// );
/// ```
pub struct ObjectSchema {
    generator: SchemaGenerator,
    properties: Map<String, Value>,
    required: Vec<Value>,
}

impl ObjectSchema {
    /// Without members.
    pub fn new() -> Self {
        Self { generator: generator(), properties: Map::new(), required: Vec::new() }
    }

    /// Adds a member that holds a `T`. A blank description leaves the type's own.
    pub fn property<T: JsonSchema>(
        &mut self,
        name: &str,
        description: &str,
        default: Option<Value>,
        required: bool,
    ) {
        let mut schema = self.generator.subschema_for::<T>();
        if !description.trim().is_empty() {
            schema.insert("description".to_owned(), description.trim().into());
        }
        if let Some(default) = default {
            schema.insert("default".to_owned(), default);
        }
        self.properties.insert(name.to_owned(), schema.into());
        if required {
            self.required.push(name.into());
        }
    }

    /// The schema.
    pub fn finish(mut self) -> RawJson {
        let mut schema = Map::new();
        schema.insert("type".to_owned(), "object".into());
        schema.insert("properties".to_owned(), self.properties.into());
        if !self.required.is_empty() {
            schema.insert("required".to_owned(), self.required.into());
        }
        let definitions = self.generator.take_definitions(true);
        if !definitions.is_empty() {
            schema.insert("$defs".to_owned(), definitions.into());
        }
        Value::from(schema).into()
    }
}

impl Default for ObjectSchema {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for ObjectSchema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.properties.keys().collect();
        f.debug_struct("ObjectSchema").field("properties", &names).finish_non_exhaustive()
    }
}

impl ToolSpec {
    /// The spec of a tool whose input is a `T`.
    pub fn of<T: JsonSchema>(name: impl Into<String>, description: impl Into<String>) -> Self {
        Self::with_schema(name, description, schema_of::<T>())
    }
}
