//! The small values of the envelope: project UUID, schema version, data tier.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::Value;
use uuid::Uuid;

use crate::model::{Field, Loose, Report, ViolationType, check_scalar, from_text, integer, not_an_integer};

/// UUID of a project: any form that names one is accepted, the hyphenated lower-case one is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ProjectUuid(Uuid);

impl From<Uuid> for ProjectUuid {
    fn from(uuid: Uuid) -> Self {
        Self(uuid)
    }
}

impl From<ProjectUuid> for Uuid {
    fn from(uuid: ProjectUuid) -> Self {
        uuid.0
    }
}

impl fmt::Display for ProjectUuid {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

impl Serialize for ProjectUuid {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for ProjectUuid {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        from_text(input, |text| Uuid::try_parse(text).map(Self))
    }
}

impl JsonSchema for ProjectUuid {
    fn schema_name() -> Cow<'static, str> {
        "ProjectUuid".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": "uuid" })
    }
}

impl Field for ProjectUuid {
    fn check(value: &Value, report: &mut Report) {
        let Some(text) = value.as_str() else {
            return report.note(ViolationType::UuidType, "UUID input should be a string, bytes or UUID object", value);
        };
        if let Err(reason) = Uuid::parse_str(text) {
            report.note(ViolationType::UuidParsing, format!("Input should be a valid UUID, {reason}"), value);
        }
    }
}

const VERSION_PATTERN: &str = r"^\d+\.\d+\.\d+$";

/// Version of the envelope: three decimal numbers with points between.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct SchemaVersion(Cow<'static, str>);

/// The refusal of text that is no version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("string should match pattern '{VERSION_PATTERN}'")]
pub struct SchemaVersionRefused;

impl SchemaVersion {
    /// The version as written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(super) fn accepts(text: &str) -> bool {
        let is_number = |part: &str| !part.is_empty() && part.bytes().all(|digit| digit.is_ascii_digit());
        text.split('.').count() == 3 && text.split('.').all(is_number)
    }
}

impl Default for SchemaVersion {
    fn default() -> Self {
        Self(Cow::Borrowed("1.0.0"))
    }
}

impl TryFrom<String> for SchemaVersion {
    type Error = SchemaVersionRefused;

    fn try_from(text: String) -> Result<Self, SchemaVersionRefused> {
        if Self::accepts(&text) { Ok(Self(Cow::Owned(text))) } else { Err(SchemaVersionRefused) }
    }
}

impl<'de> Deserialize<'de> for SchemaVersion {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        Self::try_from(String::deserialize(input)?).map_err(de::Error::custom)
    }
}

impl JsonSchema for SchemaVersion {
    fn schema_name() -> Cow<'static, str> {
        "SchemaVersion".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": VERSION_PATTERN })
    }
}

impl Field for SchemaVersion {
    fn check(value: &Value, report: &mut Report) {
        match value.as_str() {
            Some(text) if Self::accepts(text) => {}
            Some(_) => {
                let message = format!("String should match pattern '{VERSION_PATTERN}'");
                report.note(ViolationType::StringPatternMismatch, message, value);
            }
            None => String::check(value, report),
        }
    }
}

/// How far an event may be shared: from 0, which stays local, to 4, telemetry.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct DataTier(u64);

impl DataTier {
    const GREATEST: u64 = 4;

    /// The number of the tier.
    pub fn value(self) -> u64 {
        self.0
    }

    /// The tier of this number, if there is one.
    pub fn find(tier: u64) -> Option<Self> {
        (tier <= Self::GREATEST).then_some(Self(tier))
    }
}

impl<'de> Deserialize<'de> for DataTier {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        Loose::deserialize(input, |scalar| integer(scalar, 0, Self::GREATEST).map(Self))
    }
}

impl JsonSchema for DataTier {
    fn schema_name() -> Cow<'static, str> {
        "DataTier".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "integer", "minimum": 0, "maximum": Self::GREATEST })
    }
}

impl Field for DataTier {
    fn check(value: &Value, report: &mut Report) {
        check_scalar(value, report, not_an_integer(), |scalar| integer(scalar, 0, Self::GREATEST));
    }
}
