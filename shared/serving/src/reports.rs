//! One log line a call, when it is over: method, id, status code, time taken. Never contents. The id comes from the
//! client's `x-request-id`, or is made here; it is on every line logged during the call and in the answer's headers.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Instant,
};

use artifactstore_types::Ids;
use axum::{
    body::Body,
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue},
    middleware::Next,
    response::Response,
};
use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use tonic::{Code, Status, transport::server::TcpConnectInfo};
use tracing::{Instrument as _, Span};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const MAX_REQUEST_ID_BYTES: usize = 128;

/// Reports a call when it is over.
pub async fn with_report(State(ids): State<Arc<dyn Ids>>, request: Request, next: Next) -> Response {
    let id = request_id(request.headers(), ids.as_ref());
    let peer = request.extensions().get::<TcpConnectInfo>().and_then(TcpConnectInfo::remote_addr);
    let span = tracing::info_span!(
        "call",
        method = request.uri().path(),
        request_id = id.to_str().unwrap_or_default(),
        peer = peer.map(tracing::field::display),
    );
    let mut report = Report { span: span.clone(), started: Instant::now(), code: None };
    let mut response = next.run(request).instrument(span).await;
    response.headers_mut().insert(REQUEST_ID, id);
    // A refusal may have no body, and so no trailers: its status is among the headers.
    report.code = Status::from_header_map(response.headers()).map(|status| status.code());
    response.map(|body| Body::new(Reported { body, report }))
}

/// The id a client gave, where it is one, or a new one.
fn request_id(headers: &HeaderMap, ids: &dyn Ids) -> HeaderValue {
    let given = headers
        .get(REQUEST_ID)
        .filter(|id| (1..=MAX_REQUEST_ID_BYTES).contains(&id.len()) && id.as_bytes().iter().all(u8::is_ascii_graphic));
    given.cloned().unwrap_or_else(|| {
        // A UUID is always a header value.
        HeaderValue::try_from(ids.next().as_hyphenated().to_string()).unwrap_or(HeaderValue::from_static("none"))
    })
}

/// What is known of a call so far. Logged when it is dropped, so that a call that was cut off is reported too.
struct Report {
    span: Span,
    started: Instant,
    code: Option<Code>,
}

impl Drop for Report {
    fn drop(&mut self) {
        let _entered = self.span.enter();
        let micros = u64::try_from(self.started.elapsed().as_micros()).unwrap_or(u64::MAX);
        match self.code {
            Some(code @ (Code::Internal | Code::DataLoss | Code::Unknown)) => tracing::error!(?code, micros, "failed"),
            Some(code @ Code::Unavailable) => tracing::warn!(?code, micros, "failed"),
            Some(code) => tracing::info!(?code, micros, "answered"),
            None => tracing::info!(micros, "cut off"),
        }
    }
}

/// A body that reports its call when it has been sent.
struct Reported {
    body: Body,
    report: Report,
}

impl HttpBody for Reported {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let this = &mut *self;
        let _entered = this.report.span.enter();
        let frame = ready!(Pin::new(&mut this.body).poll_frame(context));
        if let Some(Ok(frame)) = &frame
            && let Some(status) = frame.trailers_ref().and_then(Status::from_header_map)
        {
            this.report.code = Some(status.code());
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
