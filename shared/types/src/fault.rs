//! The one error that crosses a boundary: a stable code, a closed category, and what the caller may do about it.
//!
//! Inside a crate, each operation has an enum with exactly what can happen; at the boundary it becomes a [`Fault`].
//! Text is for people; programs look at `code`, `category`, `retry` and `outcome`. Every code has a page in
//! `docs/errors/`.

use std::{borrow::Cow, fmt};

/// What kind of failure it is. The set is closed; each is mapped once to a gRPC status, an HTTP status and an exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Category {
    /// The request is malformed or breaks a rule, whatever the state.
    Invalid,
    /// What was named does not exist.
    NotFound,
    /// What was to be made exists already.
    AlreadyExists,
    /// The state does not allow it now.
    FailedPrecondition,
    /// Somebody else changed the state in between; load it again.
    Conflict,
    /// The caller may not do this.
    PermissionDenied,
    /// The caller is not known.
    Unauthenticated,
    /// A limit or a quota is reached, or a disk is full.
    Exhausted,
    /// The range asked for holds nothing.
    OutOfRange,
    /// A part that is needed does not answer.
    Unavailable,
    /// It took longer than the deadline.
    DeadlineExceeded,
    /// The caller gave up.
    Cancelled,
    /// Stored bytes are missing or not what they were.
    DataLoss,
    /// The operation is not offered here.
    Unimplemented,
    /// A defect of this software.
    Internal,
}

impl Category {
    /// Every category.
    pub const ALL: [Self; 15] = [
        Self::Invalid,
        Self::NotFound,
        Self::AlreadyExists,
        Self::FailedPrecondition,
        Self::Conflict,
        Self::PermissionDenied,
        Self::Unauthenticated,
        Self::Exhausted,
        Self::OutOfRange,
        Self::Unavailable,
        Self::DeadlineExceeded,
        Self::Cancelled,
        Self::DataLoss,
        Self::Unimplemented,
        Self::Internal,
    ];

    /// The exit code of a command that fails so. 1 is left to the unexpected, as everywhere.
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::Internal => 1,
            Self::Invalid | Self::OutOfRange | Self::Unimplemented => 2,
            Self::NotFound => 3,
            Self::AlreadyExists => 4,
            Self::FailedPrecondition => 5,
            Self::Conflict => 6,
            Self::PermissionDenied | Self::Unauthenticated => 7,
            Self::Exhausted => 8,
            Self::Unavailable => 9,
            Self::DeadlineExceeded => 10,
            Self::DataLoss => 11,
            Self::Cancelled => 130,
        }
    }

    /// The HTTP status.
    pub const fn http_status(self) -> u16 {
        match self {
            Self::Invalid => 400,
            Self::Unauthenticated => 401,
            Self::PermissionDenied => 403,
            Self::NotFound => 404,
            Self::AlreadyExists | Self::Conflict => 409,
            Self::FailedPrecondition => 412,
            Self::OutOfRange => 416,
            Self::Exhausted => 429,
            Self::Cancelled => 499,
            Self::DataLoss | Self::Internal => 500,
            Self::Unimplemented => 501,
            Self::Unavailable => 503,
            Self::DeadlineExceeded => 504,
        }
    }
}

/// Whether, and how, the request may be made again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Retry {
    /// It will fail again.
    Never,
    /// The same request may succeed after a pause.
    SameRequest,
    /// After loading the state again, a new request may succeed.
    AfterReload,
}

/// Whether the change may have happened all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// Nothing was changed.
    NotApplied,
    /// It is not known; ask, or repeat with the same ids.
    Unknown,
}

/// A failure as it crosses a boundary. Its text is lower case, names the operation and the input, and carries no source.
#[derive(Clone, PartialEq, Eq)]
pub struct Fault {
    /// Stable, `AS-<AREA>-<NNNN>`.
    pub code: Cow<'static, str>,
    /// What kind of failure.
    pub category: Category,
    /// Whether to try again.
    pub retry: Retry,
    /// Whether it may have happened.
    pub outcome: Outcome,
    /// What it is about: an id, a path, an address.
    pub subject: Option<String>,
    /// For people.
    pub message: String,
}

impl Fault {
    /// A fault of this code: never to be retried and with nothing changed, unless said otherwise.
    pub fn new(code: &'static str, category: Category, message: impl Into<String>) -> Self {
        let retry = match category {
            Category::Unavailable | Category::DeadlineExceeded => Retry::SameRequest,
            Category::Conflict => Retry::AfterReload,
            _ => Retry::Never,
        };
        Self {
            code: Cow::Borrowed(code),
            category,
            retry,
            outcome: Outcome::NotApplied,
            subject: None,
            message: message.into(),
        }
    }

    /// The same fault about `subject`.
    #[must_use]
    pub fn about(mut self, subject: impl fmt::Display) -> Self {
        self.subject = Some(subject.to_string());
        self
    }

    /// The same fault with another answer to "may I try again".
    #[must_use]
    pub fn with_retry(mut self, retry: Retry) -> Self {
        self.retry = retry;
        self
    }

    /// The same fault where the change may have happened.
    #[must_use]
    pub fn with_unknown_outcome(mut self) -> Self {
        self.outcome = Outcome::Unknown;
        self
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)?;
        match &self.subject {
            Some(subject) => write!(f, " ({subject})"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self} [{:?}, retry {:?}, outcome {:?}]", self.category, self.retry, self.outcome)
    }
}

impl std::error::Error for Fault {}
