//! JSON Schemas: made of Rust types, and adapted to what the service takes.

pub mod adapt;
mod of_type;

pub use adapt::{
    Adapted, Inexpressible, LintFinding, NotWrapped, OptionalMembers, OverLimit, SchemaChange, SchemaCounts,
    SchemaDialect, SchemaLimits, adapt, lint,
};
pub use of_type::{ObjectSchema, schema_of};
