//! What a store refuses for a reason that asking again does not change. `object_store` passes such an answer on as text;
//! here it becomes a value that travels in the chain of causes, told by status and code of the S3 protocol.

use std::error::Error;

use serde::Deserialize;

/// A refusal, with what it means.
#[derive(Debug, thiserror::Error)]
#[error("the store answers {status} {code}: {message}")]
pub(crate) struct Refusal {
    pub kind: RefusalKind,
    status: u16,
    code: String,
    message: String,
}

/// What a refusal means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RefusalKind {
    /// Bucket, endpoint, region or request are not what this store expects.
    Misconfigured,
    /// The credentials do not permit it.
    Access,
    /// A quota is reached, or the object is larger than the store takes.
    NoSpace,
    /// The upload was ended by somebody else.
    UploadGone,
    /// The range holds nothing.
    EmptyRange,
}

/// Codes of a 400 that say something of this one transmission and not of the request.
const MAY_PASS: [&str; 4] = ["RequestTimeout", "IncompleteBody", "BadDigest", "XAmzContentSHA256Mismatch"];

/// The body of a failure, as the protocol has it.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Failed {
    code: String,
    message: String,
}

impl Refusal {
    /// The refusal that an answer is, if it is one. Missing objects, lost races and failures of the server are not:
    /// `object_store` tells those apart itself.
    pub fn find(status: u16, body: &[u8]) -> Option<Self> {
        let Failed { code, message } = quick_xml::de::from_reader(body).unwrap_or_default();
        let kind = match (status, code.as_str()) {
            (416, _) => RefusalKind::EmptyRange,
            (404, "NoSuchUpload") => RefusalKind::UploadGone,
            (403, "QuotaExceeded") | (400, "EntityTooLarge") | (413 | 507, _) => RefusalKind::NoSpace,
            (401 | 403, _) => RefusalKind::Access,
            (400, code) if MAY_PASS.contains(&code) => return None,
            (404, "NoSuchBucket") | (301 | 302 | 307 | 308 | 400 | 405 | 411 | 501, _) => RefusalKind::Misconfigured,
            _ => return None,
        };
        Some(Self { kind, status, code, message })
    }
}

/// The refusal that an error came from.
pub(crate) fn refusal_of<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a Refusal> {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if let Some(refusal) = error.downcast_ref() {
            return Some(refusal);
        }
        cause = error.source();
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn kind(status: u16, code: &str) -> Option<RefusalKind> {
        let body = format!("<?xml version=\"1.0\"?><Error><Code>{code}</Code><RequestId>7</RequestId></Error>");
        Refusal::find(status, body.as_bytes()).map(|refusal| refusal.kind)
    }

    #[test]
    fn tells_what_will_not_pass_from_what_may() {
        assert_eq!(kind(404, "NoSuchBucket"), Some(RefusalKind::Misconfigured));
        assert_eq!(kind(404, "NoSuchKey"), None);
        assert_eq!(kind(403, "QuotaExceeded"), Some(RefusalKind::NoSpace));
        assert_eq!(kind(403, "AccessDenied"), Some(RefusalKind::Access));
        assert_eq!(kind(400, "EntityTooLarge"), Some(RefusalKind::NoSpace));
        assert_eq!(kind(400, "AuthorizationHeaderMalformed"), Some(RefusalKind::Misconfigured));
        assert_eq!(kind(400, "RequestTimeout"), None);
        assert_eq!(kind(404, "NoSuchUpload"), Some(RefusalKind::UploadGone));
        assert_eq!(kind(503, "SlowDown"), None);
        assert_eq!(kind(412, "PreconditionFailed"), None);
    }

    proptest! {
        #[test]
        fn reads_any_body(status in 300_u16..600, body: Vec<u8>) {
            let _ = Refusal::find(status, &body);
        }
    }
}
