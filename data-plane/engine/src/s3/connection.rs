//! What every request passes on its way out: at most so many run at once, a request counting until its answer is read to
//! the end; and an answer that is a refusal becomes one, so that nobody asks again in vain.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use async_trait::async_trait;
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use object_store::{
    ClientOptions,
    client::{
        HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpResponse, HttpResponseBody, HttpService,
        ReqwestConnector,
    },
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::Refusal;

/// Makes clients whose requests share one limit.
#[derive(Clone, Debug)]
pub(super) struct Connector {
    limit: Arc<Semaphore>,
}

impl Connector {
    pub fn new(connections: usize) -> Self {
        Self { limit: Arc::new(Semaphore::new(connections.max(1))) }
    }
}

impl HttpConnector for Connector {
    fn connect(&self, options: &ClientOptions) -> object_store::Result<HttpClient> {
        let inner = ReqwestConnector::default().connect(options)?;
        Ok(HttpClient::new(Limited { inner, limit: Arc::clone(&self.limit) }))
    }
}

#[derive(Debug)]
struct Limited {
    inner: HttpClient,
    limit: Arc<Semaphore>,
}

#[async_trait]
impl HttpService for Limited {
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let permit = Arc::clone(&self.limit).acquire_owned().await;
        let permit = permit.map_err(|closed| HttpError::new(HttpErrorKind::Unknown, closed))?;
        let (parts, body) = self.inner.execute(request).await?.into_parts();
        let status = parts.status.as_u16();
        if (300..600).contains(&status) {
            let body = body.bytes().await?;
            return match Refusal::find(status, &body) {
                // Of this kind, so that `object_store` does not try again.
                Some(refusal) => Err(HttpError::new(HttpErrorKind::Unknown, refusal)),
                None => Ok(HttpResponse::from_parts(parts, body.into())),
            };
        }
        Ok(HttpResponse::from_parts(parts, HttpResponseBody::new(Holding { body, _permit: permit })))
    }
}

/// An answer being read, which holds its place among the requests until then.
struct Holding {
    body: HttpResponseBody,
    _permit: OwnedSemaphorePermit,
}

impl Body for Holding {
    type Data = Bytes;
    type Error = HttpError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, HttpError>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;
    use object_store::client::HttpRequestBody;

    use super::*;
    use crate::s3::refusal_of;

    /// Answers every request alike.
    #[derive(Debug)]
    struct Answering(u16, &'static str);

    #[async_trait]
    impl HttpService for Answering {
        async fn call(&self, _request: HttpRequest) -> Result<HttpResponse, HttpError> {
            let mut answer = HttpResponse::new(Bytes::from_static(self.1.as_bytes()).into());
            *answer.status_mut() = self.0.try_into().unwrap();
            Ok(answer)
        }
    }

    fn limited(status: u16, body: &'static str) -> Limited {
        Limited { inner: HttpClient::new(Answering(status, body)), limit: Arc::new(Semaphore::new(1)) }
    }

    fn request() -> HttpRequest {
        HttpRequest::new(HttpRequestBody::empty())
    }

    #[tokio::test]
    async fn a_request_counts_until_its_answer_is_read_or_dropped() {
        let limited = limited(200, "bytes");
        for read in [true, false] {
            let first = limited.call(request()).await.unwrap();
            let mut second = limited.call(request());
            assert!((&mut second).now_or_never().is_none(), "two requests at once");
            if read {
                assert_eq!(first.into_body().bytes().await.unwrap(), "bytes");
            } else {
                drop(first);
            }
            second.await.unwrap();
        }
    }

    #[tokio::test]
    async fn an_answer_that_will_stay_the_same_is_a_refusal_that_is_not_asked_for_again() {
        let refused = limited(404, "<Error><Code>NoSuchBucket</Code></Error>").call(request()).await.unwrap_err();
        assert_eq!(refused.kind(), HttpErrorKind::Unknown);
        assert!(refusal_of(&refused).is_some());
    }

    #[tokio::test]
    async fn any_other_failure_is_passed_on_with_its_body() {
        for status in [404, 412, 503] {
            let answer = limited(status, "<Error><Code>Other</Code></Error>").call(request()).await.unwrap();
            assert_eq!(answer.status().as_u16(), status);
            assert_eq!(answer.into_body().bytes().await.unwrap(), "<Error><Code>Other</Code></Error>");
        }
    }
}
