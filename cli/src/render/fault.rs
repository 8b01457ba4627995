//! Faults: one form for people, one for programs.

use artifactstore_types::{Fault, Outcome, Retry};
use serde::Serialize;

use super::text;
use crate::{faults, hints};

/// A fault as JSON.
#[derive(Serialize)]
pub struct FaultJson<'a> {
    code: &'a str,
    category: &'static str,
    message: &'a str,
    subject: Option<&'a str>,
    retry: &'static str,
    outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<String>,
}

/// A fault as one JSON object.
pub fn json(fault: &Fault) -> FaultJson<'_> {
    FaultJson {
        code: &fault.code,
        category: faults::category_name(fault.category),
        message: &fault.message,
        subject: fault.subject.as_deref(),
        retry: faults::retry_name(fault.retry),
        outcome: faults::outcome_name(fault.outcome),
        hint: hints::find(&fault.code),
    }
}

/// A fault, whether it may have taken effect, and what can be done about it.
pub fn shown(fault: &Fault) -> String {
    let subject = fault.subject.as_ref().map(|subject| format!(" ({subject})")).unwrap_or_default();
    let mut lines = vec![text::safe(&format!("error[{}]: {}{subject}", fault.code, fault.message)).into_owned()];
    if fault.outcome == Outcome::Unknown {
        lines.push("note: it is not known whether the change was made".to_owned());
    } else if fault.retry == Retry::SameRequest {
        lines.push("note: nothing was changed; the same may succeed later".to_owned());
    }
    if let Some(hint) = hints::find(&fault.code) {
        lines.push(format!("hint: {hint}"));
    }
    lines.join("\n")
}
