//! The control planes of one site, any of which serves everything: calls go to one of them for as long as it is reached, and
//! to the next one from the first call on that did not get through.
//!
//! A call is never sent twice here: whether it may be is known to whoever made it, who tries again and finds another
//! control plane.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
};

use futures::{FutureExt as _, future::BoxFuture};
use tonic::{
    body::Body,
    codegen::http::{Request, Response},
    transport::{Channel, Error},
};
use tower::{Service, ServiceExt as _};

/// One way to each control plane. Clones agree on which one is taken.
#[derive(Clone, Debug)]
pub struct Failover {
    ways: Arc<[Channel]>,
    taken: Arc<AtomicUsize>,
}

impl Failover {
    /// These ways, the one at `taken` first.
    pub fn new(ways: Vec<Channel>, taken: usize) -> Self {
        Self { ways: ways.into(), taken: Arc::new(AtomicUsize::new(taken)) }
    }

    /// Takes another way than this, unless that was done already.
    fn leave(&self, left: usize) {
        // Where it fails, another call that did not get through was quicker.
        let next = (left + 1) % self.ways.len();
        let _ = self.taken.compare_exchange(left, next, Ordering::Relaxed, Ordering::Relaxed);
    }
}

impl Service<Request<Body>> for Failover {
    type Response = Response<Body>;
    type Error = Error;
    type Future = BoxFuture<'static, Result<Self::Response, Error>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let (ways, taken) = (self.clone(), self.taken.load(Ordering::Relaxed));
        let mut way = ways.ways[taken].clone();
        async move {
            let answered = match way.ready().await {
                Ok(way) => way.call(request).await,
                Err(unready) => Err(unready),
            };
            if answered.is_err() {
                ways.leave(taken);
            }
            answered
        }
        .boxed()
    }
}
