//! Fields that hold others: nullable ones, sequences, mappings.
//!
//! A `Vec` is the contract's tuple and [`AtLeastOne`] its list; the two are told apart in violations only.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Deref;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, de};
use serde_json::{Map, Value};

use super::{Field, Report, ViolationType};

impl<F: Field> Field for Option<F> {
    fn check(value: &Value, report: &mut Report) {
        if !value.is_null() {
            F::check(value, report);
        }
    }

    fn schema(generator: &mut SchemaGenerator) -> Schema {
        F::nullable_schema(generator)
    }
}

impl<F: Field> Field for Vec<F> {
    fn check(value: &Value, report: &mut Report) {
        match value.as_array() {
            Some(items) => check_items::<F>(items, report),
            None => report.note(ViolationType::TupleType, "Input should be a valid tuple", value),
        }
    }

    fn schema(generator: &mut SchemaGenerator) -> Schema {
        let item = F::schema(generator);
        json_schema!({ "type": "array", "items": item })
    }
}

fn check_items<F: Field>(items: &[Value], report: &mut Report) {
    for (position, item) in items.iter().enumerate() {
        report.within(position.to_string(), |report| F::check(item, report));
    }
}

/// A list of one item or more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct AtLeastOne<T>(Vec<T>);

/// The refusal of a list without an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("list should have at least 1 item")]
pub struct EmptyListRefused;

impl<T> TryFrom<Vec<T>> for AtLeastOne<T> {
    type Error = EmptyListRefused;

    fn try_from(items: Vec<T>) -> Result<Self, EmptyListRefused> {
        if items.is_empty() { Err(EmptyListRefused) } else { Ok(Self(items)) }
    }
}

impl<T> From<AtLeastOne<T>> for Vec<T> {
    fn from(list: AtLeastOne<T>) -> Self {
        list.0
    }
}

impl<T> Deref for AtLeastOne<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.0
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for AtLeastOne<T> {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        Self::try_from(Vec::deserialize(input)?).map_err(de::Error::custom)
    }
}

impl<F: Field> JsonSchema for AtLeastOne<F> {
    fn schema_name() -> Cow<'static, str> {
        format!("AtLeastOne_{}", F::schema_name()).into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let item = F::schema(generator);
        json_schema!({ "type": "array", "items": item, "minItems": 1 })
    }
}

impl<F: Field> Field for AtLeastOne<F> {
    fn check(value: &Value, report: &mut Report) {
        match value.as_array() {
            Some(items) if items.is_empty() => {
                let message = "List should have at least 1 item after validation, not 0";
                report.note(ViolationType::TooShort, message, value);
            }
            Some(items) => check_items::<F>(items, report),
            None => report.note(ViolationType::ListType, "Input should be a valid list", value),
        }
    }
}

const NOT_A_MAPPING: &str = "Input should be a valid dictionary";

impl<F: Field> Field for BTreeMap<String, F> {
    fn check(value: &Value, report: &mut Report) {
        let Some(members) = value.as_object() else {
            return report.note(ViolationType::DictType, NOT_A_MAPPING, value);
        };
        for (key, member) in members {
            report.within(key.as_str(), |report| F::check(member, report));
        }
    }

    fn schema(generator: &mut SchemaGenerator) -> Schema {
        let member = F::schema(generator);
        json_schema!({ "type": "object", "additionalProperties": member })
    }
}

impl Field for Map<String, Value> {
    fn check(value: &Value, report: &mut Report) {
        if !value.is_object() {
            report.note(ViolationType::DictType, NOT_A_MAPPING, value);
        }
    }

    fn schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "object", "additionalProperties": true })
    }
}
