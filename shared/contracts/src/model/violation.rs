//! What the model layer says when a document is wrong.
//!
//! Consumers compare field, type and message form, so the type names are a closed set and stay as they are. How the
//! fault was found is left to the fields.

use std::fmt;

use serde::{Serialize, Serializer};
use serde_json::Value;

macro_rules! violation_types {
    ($( $(#[doc = $doc:expr])* $variant:ident = $text:literal, )*) => {
        /// The kind of a model violation, by the name consumers compare.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum ViolationType {
            $( $(#[doc = $doc])* $variant, )*
        }

        impl ViolationType {
            /// The name on the wire.
            pub fn as_str(self) -> &'static str {
                match self { $( Self::$variant => $text, )* }
            }
        }
    };
}

violation_types! {
    /// A required field is not there.
    Missing = "missing",
    /// Not an object where a record stands.
    ModelType = "model_type",
    /// Not an object where a mapping stands.
    DictType = "dict_type",
    /// Not an array where a list stands.
    ListType = "list_type",
    /// Not an array where a tuple stands.
    TupleType = "tuple_type",
    /// A list with fewer items than it must have.
    TooShort = "too_short",
    /// Not a string; numbers are never turned into one.
    StringType = "string_type",
    /// A string with fewer characters than it must have.
    StringTooShort = "string_too_short",
    /// A string that does not match its pattern.
    StringPatternMismatch = "string_pattern_mismatch",
    /// Not one of the values of a literal.
    LiteralError = "literal_error",
    /// Not one of the members of an enumeration.
    Enum = "enum",
    /// Nothing that can be read as an integer.
    IntType = "int_type",
    /// A string that does not spell an integer.
    IntParsing = "int_parsing",
    /// An integer beyond what is stored.
    IntParsingSize = "int_parsing_size",
    /// A number with a fraction where an integer stands.
    IntFromFloat = "int_from_float",
    /// Below the least allowed value.
    GreaterThanEqual = "greater_than_equal",
    /// Above the greatest allowed value.
    LessThanEqual = "less_than_equal",
    /// Not a string where a UUID stands.
    UuidType = "uuid_type",
    /// A string that is no UUID.
    UuidParsing = "uuid_parsing",
    /// Neither string nor number where a time stands.
    DatetimeType = "datetime_type",
    /// A time out of range.
    DatetimeParsing = "datetime_parsing",
    /// A string that is neither a date with time nor a date.
    DatetimeFromDateParsing = "datetime_from_date_parsing",
    /// A value that a rule of its own refuses.
    ValueError = "value_error",
    /// Text that is not JSON.
    JsonInvalid = "json_invalid",
}

impl fmt::Display for ViolationType {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

impl Serialize for ViolationType {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.serialize_str(self.as_str())
    }
}

/// One fault that the model layer found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ModelViolation {
    /// Dotted path from the document's root, list positions as numbers; empty for the root itself.
    pub field: String,
    /// The kind of fault.
    pub violation_type: ViolationType,
    /// What is wrong, for people.
    pub message: String,
    /// What stood there; for a missing field, the record that lacks it.
    #[serde(skip)]
    pub input_value: Value,
}

/// A document that its model refuses, with every reason.
#[derive(Debug, Clone, PartialEq)]
pub struct ValidationError {
    model: &'static str,
    violations: Vec<ModelViolation>,
    place: Option<String>,
}

/// A message names this many violations; what lies beyond is counted.
const NAMED_VIOLATIONS: usize = 20;

impl ValidationError {
    pub(crate) fn new(model: &'static str, violations: Vec<ModelViolation>) -> Self {
        Self { model, violations, place: None }
    }

    pub(crate) fn json_invalid(model: &'static str, reason: &impl fmt::Display) -> Self {
        let violation = ModelViolation {
            field: String::new(),
            violation_type: ViolationType::JsonInvalid,
            message: format!("Invalid JSON: {reason}"),
            input_value: Value::Null,
        };
        Self::new(model, vec![violation])
    }

    /// Says where in a stream the document stood, such as `line 7`.
    #[must_use]
    pub(crate) fn at(mut self, place: impl Into<String>) -> Self {
        self.place = Some(place.into());
        self
    }

    /// The model that refused.
    pub fn model(&self) -> &'static str {
        self.model
    }

    /// Every fault, in the order in which the model declares its fields.
    pub fn violations(&self) -> &[ModelViolation] {
        &self.violations
    }
}

impl fmt::Display for ValidationError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.violations.len();
        write!(out, "{count} validation error{} for {}", if count == 1 { "" } else { "s" }, self.model)?;
        if let Some(place) = &self.place {
            write!(out, " at {place}")?;
        }
        for violation in self.violations.iter().take(NAMED_VIOLATIONS) {
            let ModelViolation { field, violation_type, message, .. } = violation;
            if !field.is_empty() {
                write!(out, "\n{field}")?;
            }
            write!(out, "\n  {message} [type={violation_type}]")?;
        }
        if count > NAMED_VIOLATIONS {
            write!(out, "\n… and {} more", count - NAMED_VIOLATIONS)?;
        }
        Ok(())
    }
}

impl std::error::Error for ValidationError {}
