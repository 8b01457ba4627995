//! Faults: one form for people, one for programs.

use artifactstore_types::{Fault, Outcome, Retry};
use serde::Serialize;

use super::text;
use crate::faults;

#[derive(Serialize)]
struct ErrorJson<'a> {
    error: FaultJson<'a>,
}

#[derive(Serialize)]
struct FaultJson<'a> {
    code: &'a str,
    category: &'static str,
    message: &'a str,
    subject: Option<&'a str>,
    retry: &'static str,
    outcome: &'static str,
}

/// A fault as one JSON object.
pub fn json(fault: &Fault) -> impl Serialize + '_ {
    ErrorJson {
        error: FaultJson {
            code: &fault.code,
            category: faults::category_name(fault.category),
            message: &fault.message,
            subject: fault.subject.as_deref(),
            retry: faults::retry_name(fault.retry),
            outcome: faults::outcome_name(fault.outcome),
        },
    }
}

/// A fault, whether it may have taken effect, and what can be done about it.
pub fn shown(fault: &Fault) -> String {
    let subject = fault.subject.as_ref().map(|subject| format!(" ({subject})")).unwrap_or_default();
    let mut lines = vec![text::safe(&format!("error[{}]: {}{subject}", fault.code, fault.message)).into_owned()];
    if fault.outcome == Outcome::Unknown {
        lines.push("note: it is not known whether the change was made; look before you repeat it".to_owned());
    } else if fault.retry == Retry::SameRequest {
        lines.push("note: nothing was changed; the same may succeed later".to_owned());
    }
    if let Some(hint) = faults::hint(fault) {
        lines.push(format!("hint: {hint}"));
    }
    lines.join("\n")
}
