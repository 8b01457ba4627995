//! Many things in one stream, each answered on its own: how many were sent is counted, so that an other side that breaks
//! off is told from one that has answered everything.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

use artifactstore_types::Fault;
use futures::{Stream, StreamExt as _, TryStreamExt as _, stream, stream::BoxStream};

use crate::stream as wire;

/// How far a stream has come. Clones are the same one.
#[derive(Clone, Debug, Default)]
pub struct Sent(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    things: AtomicU64,
    all: AtomicBool,
}

impl Sent {
    /// The same things, counted as they are sent.
    pub fn counted<T: Send + 'static>(&self, things: BoxStream<'static, T>) -> impl Stream<Item = T> + Send + use<T> {
        stream::unfold((things, self.clone()), |(mut things, sent)| async move {
            let Some(thing) = things.next().await else {
                sent.0.all.store(true, Ordering::SeqCst);
                return None;
            };
            sent.0.things.fetch_add(1, Ordering::SeqCst);
            Some((thing, (things, sent)))
        })
    }

    /// One result a thing sent; a fault of `results` itself concerns all that are left. An other side that ends early
    /// says why with its last result; where it does not, that is a fault itself.
    pub fn answered<T: Send + 'static>(
        self,
        results: BoxStream<'static, Result<Result<T, Fault>, Fault>>,
    ) -> impl Stream<Item = Result<T, Fault>> + Send + 'static {
        struct Open<T> {
            results: BoxStream<'static, Result<Result<T, Fault>, Fault>>,
            sent: Sent,
            answered: u64,
            last_was_fault: bool,
        }
        let open = Open { results, sent: self, answered: 0, last_was_fault: false };
        let results = stream::try_unfold(open, |mut open| async move {
            if let Some(result) = open.results.try_next().await? {
                open.answered += 1;
                open.last_was_fault = result.is_err();
                return Ok(Some((result, open)));
            }
            let counts = &open.sent.0;
            let complete = counts.all.load(Ordering::SeqCst) && open.answered == counts.things.load(Ordering::SeqCst);
            if complete || open.last_was_fault { Ok(None) } else { Err(wire::cut_short().with_unknown_outcome()) }
        });
        results.map(|result| result.and_then(std::convert::identity))
    }
}

#[cfg(test)]
mod tests {
    use artifactstore_types::Category;

    use super::*;

    /// What is heard of things of which so many were sent, and `all` of them or not, from an other side that answers so.
    async fn heard(things: u64, all: bool, answers: Vec<Result<(), Fault>>) -> Vec<String> {
        let sent = Sent::default();
        sent.0.things.store(things, Ordering::SeqCst);
        sent.0.all.store(all, Ordering::SeqCst);
        let told =
            |result: Result<_, Fault>| result.map_or_else(|fault| fault.code.into_owned(), |()| "kept".to_owned());
        sent.answered(stream::iter(answers).map(Ok).boxed()).map(told).collect().await
    }

    #[tokio::test]
    async fn things_that_were_never_answered_are_a_fault() {
        let refused = || Err(Fault::new("AS-TEST-0001", Category::Exhausted, "the disk is full"));
        assert_eq!(heard(2, true, vec![Ok(()), refused()]).await, ["kept", "AS-TEST-0001"]);
        assert_eq!(heard(3, true, vec![refused(), Ok(())]).await, ["AS-TEST-0001", "kept", "AS-WIRE-0003"]);
        assert_eq!(heard(1, false, vec![Ok(())]).await, ["kept", "AS-WIRE-0003"]);
    }

    #[tokio::test]
    async fn a_fault_that_ends_the_stream_is_of_all_the_things_left() {
        let full = Fault::new("AS-TEST-0001", Category::Exhausted, "the disk is full");
        assert_eq!(heard(9, false, vec![Ok(()), Err(full)]).await, ["kept", "AS-TEST-0001"]);
    }

    #[tokio::test]
    async fn what_is_sent_is_counted_and_its_end_noticed() {
        let sent = Sent::default();
        let things: Vec<i32> = sent.counted(stream::iter([1, 2, 3]).boxed()).collect().await;
        assert_eq!((things.len(), sent.0.things.load(Ordering::SeqCst)), (3, 3));
        assert!(sent.0.all.load(Ordering::SeqCst));
    }
}
