//! What the catalogue knows of one model, without its type.

use schemars::Schema;
use schemars::generate::SchemaSettings;
use serde_json::Value;

use crate::model::{Model, ModelViolation};

/// One model: its names, its checks and its schema.
#[derive(Debug)]
pub struct ModelEntry {
    /// The name under which messages speak of the model.
    pub name: &'static str,
    /// The stem of its schema file.
    pub schema: &'static str,
    accepts: fn(&Value) -> bool,
    violations: fn(&Value) -> Vec<ModelViolation>,
    json_schema: fn() -> Schema,
}

impl ModelEntry {
    /// The entry of a model.
    pub const fn of<M: Model>() -> Self {
        Self {
            name: M::NAME,
            schema: M::SCHEMA,
            accepts: |document| M::deserialize(document).is_ok(),
            violations: M::violations,
            json_schema: || SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<M>(),
        }
    }

    /// Whether the model layer accepts the document; cheaper than asking for violations.
    pub fn accepts(&self, document: &Value) -> bool {
        (self.accepts)(document)
    }

    /// Every fault the model layer finds.
    pub fn violations(&self, document: &Value) -> Vec<ModelViolation> {
        (self.violations)(document)
    }

    /// The JSON Schema, draft 2020-12, generated from the type.
    pub fn json_schema(&self) -> Schema {
        (self.json_schema)()
    }
}
