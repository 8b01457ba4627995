//! Records: fields with names, some of which may be left out. Members that a record does not know are ignored.

/// Declares a record and its schema name: `pub struct Name as "schema_name" { field: Type, optional: Type = default }`.
///
/// A field marked `= default` may be absent and then takes the default of its type; every other field is required.
/// The rustdoc of the record and its fields becomes the description in the schema, so it is written in plain words.
macro_rules! record {
    (
        $(#[doc = $doc:expr])*
        pub struct $name:ident as $schema:literal {
            $( $(#[doc = $field_doc:expr])* pub $field:ident : $ty:ty $(= $default:ident)? ),+ $(,)?
        }
    ) => {
        $(#[doc = $doc])*
        #[derive(Debug, Clone, PartialEq, serde::Serialize)]
        pub struct $name { $( $(#[doc = $field_doc])* pub $field: $ty, )+ }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
                #[derive(serde::Deserialize)]
                struct Members { $( $(#[serde($default)])? $field: $ty, )+ }

                let Members { $($field),+ } = $crate::model::object(input)?;
                Ok(Self { $($field),+ })
            }
        }

        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
                let mut schema = $crate::model::RecordSchema::new(concat!($($doc, "\n"),*));
                $(
                    let member = <$ty as $crate::model::Field>::schema(generator);
                    let absent = $crate::model::presence!($ty $(, $default)?);
                    schema.member(stringify!($field), concat!($($field_doc, "\n"),*), member, absent);
                )+
                schema.finish()
            }
        }

        impl $crate::model::Field for $name {
            fn check(value: &serde_json::Value, report: &mut $crate::model::Report) {
                if report.object(value, stringify!($name)).is_some() {
                    $(
                        let required = $crate::model::presence!($ty $(, $default)?).is_none();
                        report.member::<$ty>(value, stringify!($field), required);
                    )+
                }
            }
        }

        impl $crate::model::Model for $name {
            const NAME: &'static str = stringify!($name);
            const SCHEMA: &'static str = $schema;
        }
    };
}
pub(crate) use record;

/// What stands in for an absent field: nothing for a required one, else a way to the default as JSON.
macro_rules! presence {
    ($ty:ty) => {
        None::<fn() -> serde_json::Value>
    };
    ($ty:ty, default) => {
        Some((|| serde_json::json!(<$ty>::default())) as fn() -> serde_json::Value)
    };
}
pub(crate) use presence;

use std::fmt;
use std::marker::PhantomData;

use schemars::Schema;
use serde::{Deserialize, Deserializer, de};
use serde_json::{Map, Value, json};

/// Deserialises a record from an object, and from nothing else: derived code would also read an array, field by field.
pub(crate) fn object<'de, D: Deserializer<'de>, T: Deserialize<'de>>(input: D) -> Result<T, D::Error> {
    struct Object<T>(PhantomData<T>);

    impl<'de, T: Deserialize<'de>> de::Visitor<'de> for Object<T> {
        type Value = T;

        fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
            out.write_str("an object")
        }

        fn visit_map<A: de::MapAccess<'de>>(self, members: A) -> Result<T, A::Error> {
            T::deserialize(de::value::MapAccessDeserializer::new(members))
        }
    }

    input.deserialize_map(Object(PhantomData))
}

/// Builds the schema of a record, member by member.
pub(crate) struct RecordSchema {
    description: String,
    properties: Map<String, Value>,
    required: Vec<&'static str>,
}

impl RecordSchema {
    pub(crate) fn new(doc: &str) -> Self {
        Self { description: plain(doc), properties: Map::new(), required: Vec::new() }
    }

    pub(crate) fn member(&mut self, name: &'static str, doc: &str, mut schema: Schema, absent: Option<fn() -> Value>) {
        let description = plain(doc);
        if !description.is_empty() {
            schema.insert("description".to_owned(), description.into());
        }
        match absent {
            Some(default) => drop(schema.insert("default".to_owned(), default())),
            None => self.required.push(name),
        }
        self.properties.insert(name.to_owned(), schema.to_value());
    }

    pub(crate) fn finish(self) -> Schema {
        let mut schema = Schema::default();
        schema.insert("type".to_owned(), json!("object"));
        schema.insert("description".to_owned(), self.description.into());
        schema.insert("properties".to_owned(), self.properties.into());
        if !self.required.is_empty() {
            schema.insert("required".to_owned(), json!(self.required));
        }
        schema
    }
}

/// The words of a rustdoc comment, on one line.
fn plain(doc: &str) -> String {
    doc.split_whitespace().collect::<Vec<_>>().join(" ")
}
