//! The requests that `object_store` has no call for: the copy of a part, the list of unfinished uploads, a removal with a
//! condition. It signs them; they go out through the same connections, and are made again under the same rules.

use std::time::Duration;

use backon::{ExponentialBuilder, Retryable as _};
use bytes::Bytes;
use object_store::{
    Error, HeaderValue,
    client::{HttpError, HttpErrorKind, HttpRequest, HttpRequestBody},
    path::Path,
    signer::{HeaderName, Method, SignedUrlOptions, Signer as _},
};

use super::clients::Clients;

/// The pauses between one try and the next, from the first to the longest.
const PAUSES: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(3));
/// For how long a signature holds.
const SIGNED_FOR: Duration = Duration::from_mins(15);

/// Why a request sent from here failed.
#[derive(Debug, thiserror::Error)]
pub(super) enum RequestFailed {
    #[error("the store answers {0}")]
    Status(u16),
    #[error("the store does not answer")]
    Http(#[source] HttpError),
    #[error("the request cannot be made")]
    Request(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error("the store's answer is not what the protocol has")]
    Answer(#[source] quick_xml::DeError),
    #[error(transparent)]
    NotSigned(#[from] Error),
}

impl RequestFailed {
    fn may_pass(&self) -> bool {
        match self {
            Self::Status(status) => matches!(status, 408 | 429 | 500..),
            Self::Http(error) => !matches!(error.kind(), HttpErrorKind::Unknown | HttpErrorKind::Decode),
            Self::Request(_) | Self::Answer(_) | Self::NotSigned(_) => false,
        }
    }
}

impl From<RequestFailed> for Error {
    fn from(failed: RequestFailed) -> Self {
        match failed {
            RequestFailed::NotSigned(error) => error,
            failed => Self::Generic { store: "S3", source: Box::new(failed) },
        }
    }
}

/// Sends a request without a body, again where its failure may pass, and reads the answer. It must be one that can be
/// repeated.
pub(super) async fn send(
    clients: &Clients,
    method: &Method,
    key: &Path,
    query: Vec<(String, String)>,
    headers: &[(&'static str, &str)],
) -> Result<Bytes, RequestFailed> {
    let mut signed = SignedUrlOptions::default().with_query(query);
    for (name, value) in headers {
        let value = HeaderValue::from_str(value).map_err(|error| RequestFailed::Request(Box::new(error)))?;
        signed = signed.with_signed_header(HeaderName::from_static(name), value);
    }
    let url = clients.patient.signed_url_opts(method.clone(), key, SIGNED_FOR, &signed).await?;
    let pauses = ExponentialBuilder::default().with_min_delay(PAUSES.0).with_max_delay(PAUSES.1).with_jitter();
    let pauses = pauses.without_max_times().with_total_delay(Some(clients.retry_for));
    let once = || async {
        let mut request = HttpRequest::new(HttpRequestBody::empty());
        *request.method_mut() = method.clone();
        *request.uri_mut() = url.as_str().parse().map_err(|error| RequestFailed::Request(Box::new(error)))?;
        request.headers_mut().extend(signed.signed_headers.clone());
        // Gateways refuse a request that does not say how long it is.
        request.headers_mut().insert("content-length", HeaderValue::from_static("0"));
        let answer = clients.http.execute(request).await.map_err(RequestFailed::Http)?;
        match answer.status().as_u16() {
            200..300 => answer.into_body().bytes().await.map_err(RequestFailed::Http),
            status => Err(RequestFailed::Status(status)),
        }
    };
    once.retry(pauses).when(RequestFailed::may_pass).await
}
