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
