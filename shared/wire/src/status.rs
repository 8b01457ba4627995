//! Faults as gRPC statuses, and back: the only place that builds a [`Status`].
//!
//! A status built here comes back as the fault it was built from, whatever that was, as long as its texts keep to
//! [`limits::FAULT_TEXT_BYTES`]. A status of another make (the transport's, a proxy's) becomes a fault with one of this
//! crate's codes, and with an unknown outcome unless nothing can have been sent.

use std::{borrow::Cow, collections::HashMap, error::Error, time::Duration};

use artifactstore_types::{Category, Fault, Outcome, Retry};
use tonic::{Code, ConnectError, Status, TimeoutExpired};
use tonic_types::{ErrorDetails, ErrorInfo, StatusExt as _};

use crate::{codes, limits, stream};

const DOMAIN: &str = "artifactstore";
/// What `google.rpc.RetryInfo` advises. Clients that know better back off on their own.
const RETRY_DELAY: Duration = Duration::from_millis(250);

/// The status that tells `fault`.
pub fn status_of(fault: &Fault) -> Status {
    let message = cut(&fault.message);
    let subject = fault.subject.as_deref().map(cut);
    let mut metadata = HashMap::from([
        ("retry".to_owned(), retry_word(fault.retry).to_owned()),
        ("outcome".to_owned(), outcome_word(fault.outcome).to_owned()),
    ]);
    metadata.extend(subject.map(|subject| ("subject".to_owned(), subject.to_owned())));

    let mut details = ErrorDetails::with_error_info(fault.code.clone(), DOMAIN, metadata);
    match subject {
        Some(field) if fault.code == codes::FIELD => {
            details.add_bad_request_violation(field, message);
        }
        Some(subject) => {
            details.set_resource_info("", subject, "", "");
        }
        None => {}
    }
    if fault.retry == Retry::SameRequest {
        details.set_retry_info(Some(RETRY_DELAY));
    }
    Status::with_error_details(code_of(fault.category), message, details)
}

/// The fault that a status received tells.
pub fn fault_of_status(status: &Status) -> Fault {
    match status.get_details_error_info() {
        Some(info) if info.domain == DOMAIN => told(status, info),
        _ => foreign(status),
    }
}

/// The fault behind a status that arose while a request was read: the sender's doing, and nothing was changed.
pub fn fault_of_request(status: &Status) -> Fault {
    match status.code() {
        Code::Internal => {
            Fault::new(codes::MALFORMED, Category::Invalid, "request is not a protobuf message of the contract")
        }
        Code::OutOfRange | Code::ResourceExhausted => {
            let limit = limits::MESSAGE_BYTES;
            Fault::new(codes::TOO_LARGE, Category::Exhausted, format!("message is larger than {limit} bytes"))
        }
        Code::Unimplemented => Fault::new(codes::UNKNOWN_METHOD, Category::Unimplemented, "method is not offered here"),
        _ => stream::truncated(),
    }
}

/// The fault of an answer that cannot be read, for the reason that `fault` gives.
pub fn unreadable(fault: Fault) -> Fault {
    let unreadable = Fault::new(codes::UNREADABLE, Category::Internal, format!("answer refused: {}", fault.message));
    Fault { subject: fault.subject, ..unreadable.with_unknown_outcome() }
}

fn told(status: &Status, info: ErrorInfo) -> Fault {
    let ErrorInfo { reason, mut metadata, .. } = info;
    let category = category_of(status.code());
    let fault = Fault::new(codes::FOREIGN, category, status.message());
    let retry = metadata.get("retry").and_then(|word| ALL_RETRIES.into_iter().find(|retry| retry_word(*retry) == word));
    let outcome = metadata.get("outcome").is_some_and(|word| word == outcome_word(Outcome::NotApplied));
    Fault {
        code: Cow::Owned(reason),
        retry: retry.unwrap_or(fault.retry),
        outcome: if outcome { Outcome::NotApplied } else { Outcome::Unknown },
        subject: metadata.remove("subject"),
        ..fault
    }
}

fn foreign(status: &Status) -> Fault {
    let (code, category, what) = match status.code() {
        _ if was::<TimeoutExpired>(status) => (codes::DEADLINE, Category::DeadlineExceeded, "no answer in time"),
        Code::DeadlineExceeded => (codes::DEADLINE, Category::DeadlineExceeded, "no answer in time"),
        // Not by the caller, who would not be told.
        Code::Cancelled => (codes::CANCELLED, Category::Unavailable, "call was cancelled on its way or by the store"),
        Code::Unavailable => (codes::UNREACHED, Category::Unavailable, "store was not reached"),
        // No store says so: it is what is left of a connection that broke, or of a stream cut without its trailers.
        Code::Unknown => (codes::UNREACHED, Category::Unavailable, "connection broke"),
        // An answer that cannot be read has no cause below it; a connection that broke in the middle of a message has.
        Code::Internal if status.source().is_some() => (codes::UNREACHED, Category::Unavailable, "connection broke"),
        Code::Unimplemented => (codes::UNKNOWN_METHOD, Category::Unimplemented, "method is not known to the store"),
        Code::OutOfRange | Code::ResourceExhausted => {
            (codes::TOO_LARGE, Category::Exhausted, "message is too large, or there are too many calls")
        }
        Code::Unauthenticated => (codes::REFUSED, Category::Unauthenticated, "caller was refused"),
        Code::PermissionDenied => (codes::REFUSED, Category::PermissionDenied, "caller was refused"),
        other => (codes::FOREIGN, category_of(other), "call failed"),
    };
    let why = if was::<ConnectError>(status) { root_cause(status) } else { status.message().to_owned() };
    let fault = Fault::new(code, category, format!("{what}: {}", cut(&why)));
    let applied_not = was::<ConnectError>(status) || matches!(category, Category::Unimplemented);
    if applied_not { fault } else { fault.with_unknown_outcome() }
}

/// Whether a failure of type `E` lies at the bottom of a status made in this process.
fn was<E: Error + 'static>(status: &Status) -> bool {
    let mut source = status.source();
    while let Some(error) = source {
        if error.is::<E>() {
            return true;
        }
        source = error.source();
    }
    false
}

/// What lies at the bottom of a status made in this process; what wraps it says less.
fn root_cause(status: &Status) -> String {
    let mut cause: &dyn Error = status;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}

fn cut(text: &str) -> &str {
    &text[..text.floor_char_boundary(limits::FAULT_TEXT_BYTES)]
}

const ALL_RETRIES: [Retry; 3] = [Retry::Never, Retry::SameRequest, Retry::AfterReload];

const fn retry_word(retry: Retry) -> &'static str {
    match retry {
        Retry::Never => "never",
        Retry::SameRequest => "same_request",
        Retry::AfterReload => "after_reload",
    }
}

const fn outcome_word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::NotApplied => "not_applied",
        Outcome::Unknown => "unknown",
    }
}

const fn code_of(category: Category) -> Code {
    match category {
        Category::Invalid => Code::InvalidArgument,
        Category::NotFound => Code::NotFound,
        Category::AlreadyExists => Code::AlreadyExists,
        Category::FailedPrecondition => Code::FailedPrecondition,
        Category::Conflict => Code::Aborted,
        Category::PermissionDenied => Code::PermissionDenied,
        Category::Unauthenticated => Code::Unauthenticated,
        Category::Exhausted => Code::ResourceExhausted,
        Category::OutOfRange => Code::OutOfRange,
        Category::Unavailable => Code::Unavailable,
        Category::DeadlineExceeded => Code::DeadlineExceeded,
        Category::Cancelled => Code::Cancelled,
        Category::DataLoss => Code::DataLoss,
        Category::Unimplemented => Code::Unimplemented,
        Category::Internal => Code::Internal,
    }
}

fn category_of(code: Code) -> Category {
    Category::ALL.into_iter().find(|category| code_of(*category) == code).unwrap_or(Category::Internal)
}

#[cfg(test)]
mod tests;
