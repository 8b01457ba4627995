//! The message `Fault`: the failure of one item of many. The failure of a whole call is in [`crate::status`].

use std::borrow::Cow;

use artifactstore_types::{Category, Fault, Outcome, Retry};

use crate::{
    field,
    v1::{self, FaultCategory, FaultOutcome, FaultRetry},
};

impl From<Fault> for v1::Fault {
    fn from(fault: Fault) -> Self {
        let category = match fault.category {
            Category::Invalid => FaultCategory::Invalid,
            Category::NotFound => FaultCategory::NotFound,
            Category::AlreadyExists => FaultCategory::AlreadyExists,
            Category::FailedPrecondition => FaultCategory::FailedPrecondition,
            Category::Conflict => FaultCategory::Conflict,
            Category::PermissionDenied => FaultCategory::PermissionDenied,
            Category::Unauthenticated => FaultCategory::Unauthenticated,
            Category::Exhausted => FaultCategory::Exhausted,
            Category::OutOfRange => FaultCategory::OutOfRange,
            Category::Unavailable => FaultCategory::Unavailable,
            Category::DeadlineExceeded => FaultCategory::DeadlineExceeded,
            Category::Cancelled => FaultCategory::Cancelled,
            Category::DataLoss => FaultCategory::DataLoss,
            Category::Unimplemented => FaultCategory::Unimplemented,
            Category::Internal => FaultCategory::Internal,
        };
        let retry = match fault.retry {
            Retry::Never => FaultRetry::Never,
            Retry::SameRequest => FaultRetry::SameRequest,
            Retry::AfterReload => FaultRetry::AfterReload,
        };
        let outcome = match fault.outcome {
            Outcome::NotApplied => FaultOutcome::NotApplied,
            Outcome::Unknown => FaultOutcome::Unknown,
        };
        Self {
            code: fault.code.into_owned(),
            category: category.into(),
            retry: retry.into(),
            outcome: outcome.into(),
            subject: fault.subject,
            message: fault.message,
        }
    }
}

impl TryFrom<v1::Fault> for Fault {
    type Error = Self;

    fn try_from(fault: v1::Fault) -> Result<Self, Self> {
        Ok(Self {
            category: match fault.category() {
                FaultCategory::Unspecified => return Err(field::refused("category", "it is not one known")),
                FaultCategory::Invalid => Category::Invalid,
                FaultCategory::NotFound => Category::NotFound,
                FaultCategory::AlreadyExists => Category::AlreadyExists,
                FaultCategory::FailedPrecondition => Category::FailedPrecondition,
                FaultCategory::Conflict => Category::Conflict,
                FaultCategory::PermissionDenied => Category::PermissionDenied,
                FaultCategory::Unauthenticated => Category::Unauthenticated,
                FaultCategory::Exhausted => Category::Exhausted,
                FaultCategory::OutOfRange => Category::OutOfRange,
                FaultCategory::Unavailable => Category::Unavailable,
                FaultCategory::DeadlineExceeded => Category::DeadlineExceeded,
                FaultCategory::Cancelled => Category::Cancelled,
                FaultCategory::DataLoss => Category::DataLoss,
                FaultCategory::Unimplemented => Category::Unimplemented,
                FaultCategory::Internal => Category::Internal,
            },
            retry: match fault.retry() {
                FaultRetry::Unspecified => return Err(field::refused("retry", "it is not one known")),
                FaultRetry::Never => Retry::Never,
                FaultRetry::SameRequest => Retry::SameRequest,
                FaultRetry::AfterReload => Retry::AfterReload,
            },
            outcome: match fault.outcome() {
                FaultOutcome::Unspecified => return Err(field::refused("outcome", "it is not one known")),
                FaultOutcome::NotApplied => Outcome::NotApplied,
                FaultOutcome::Unknown => Outcome::Unknown,
            },
            code: Cow::Owned(fault.code),
            subject: fault.subject,
            message: fault.message,
        })
    }
}
