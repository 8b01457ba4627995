//! What a subscription delivers when the store does not do as it should.

use artifactstore_types::{Category, EventFilter};

use super::*;
use crate::fake::{Call, Fake, event, lasting, passing};

fn scripted(subscriptions: impl IntoIterator<Item = Vec<Result<EventRecord, Fault>>>) -> Fake {
    let fake = Fake::default();
    fake.state().mischief.tails.extend(subscriptions);
    fake
}

async fn delivered(fake: &Fake, request: TailRequest) -> (Vec<u64>, Option<Fault>) {
    let mut sequences = Vec::new();
    let mut events = tail(&fake.connection(), request);
    while let Some(event) = events.next().await {
        match event {
            Ok(event) => sequences.push(event.sequence),
            Err(fault) => return (sequences, Some(fault)),
        }
    }
    (sequences, None)
}

#[tokio::test(start_paused = true)]
async fn goes_on_after_the_last_event_when_the_connection_breaks() {
    let fake = scripted([
        vec![Ok(event(1, b"a")), Ok(event(2, b"b")), Err(passing())],
        vec![Err(passing())],
        vec![Ok(event(1, b"a")), Ok(event(2, b"b")), Ok(event(3, b"c"))],
    ]);
    assert_eq!(delivered(&fake, TailRequest::default()).await, (vec![1, 2, 3], None));
}

#[tokio::test(start_paused = true)]
async fn gives_up_when_the_failure_does_not_pass() {
    let fake = scripted(vec![vec![Err(passing())]; 100]);
    let (sequences, fault) = delivered(&fake, TailRequest::default()).await;
    assert_eq!((sequences, fault), (vec![], Some(passing())));
    assert_eq!(fake.calls(Call::Tail), 6, "once, and five times again");
}

#[tokio::test(start_paused = true)]
async fn a_lasting_failure_is_reported_at_once() {
    let fake = scripted([vec![Ok(event(1, b"a")), Err(lasting())], vec![Ok(event(2, b"b"))]]);
    assert_eq!(delivered(&fake, TailRequest::default()).await, (vec![1], Some(lasting())));
}

#[tokio::test]
async fn refuses_an_event_that_comes_again_or_out_of_order() {
    let fake = scripted([vec![Ok(event(5, b"a")), Ok(event(5, b"a"))]]);
    let (sequences, fault) = delivered(&fake, TailRequest::default()).await;
    assert_eq!(sequences, [5]);
    assert_eq!(fault.unwrap().code, "AS-CLIENT-0016");
}

#[tokio::test]
async fn refuses_a_payload_that_does_not_match_its_digest() {
    let altered = EventRecord { payload: bytes::Bytes::from_static(b"other"), ..event(1, b"a") };
    let fault = delivered(&scripted([vec![Ok(altered)]]), TailRequest::default()).await.1.unwrap();
    assert_eq!((fault.code.as_ref(), fault.category), ("AS-CLIENT-0016", Category::DataLoss));
}

#[tokio::test]
async fn refuses_an_event_nobody_asked_for() {
    let filter = EventFilter { subject_id: Some("another".to_owned()), ..EventFilter::default() };
    let request = TailRequest { filter, ..TailRequest::default() };
    assert_eq!(delivered(&scripted([vec![Ok(event(1, b"a"))]]), request).await.1.unwrap().code, "AS-CLIENT-0016");
    let request = TailRequest { namespace: "elsewhere".parse().unwrap(), ..TailRequest::default() };
    assert_eq!(delivered(&scripted([vec![Ok(event(1, b"a"))]]), request).await.1.unwrap().code, "AS-CLIENT-0016");
}
