//! What watching delivers when the connection breaks, and when the store does not do as it should.

use super::*;
use crate::fake::{Call, Fake, lasting, passing};

const STREAM: &str = "default/mission-audit/p/m/r";

fn state(sequence: Sequence) -> ContractState {
    let stream = STREAM.parse().unwrap();
    ContractState { stream, sequence, event_count: sequence, json: "{}".to_owned(), failed: false }
}

async fn delivered(
    watches: impl IntoIterator<Item = Vec<Result<ContractState, Fault>>>,
) -> (Fake, Vec<Sequence>, Option<Fault>) {
    let fake = Fake::default();
    fake.state().mischief.watches.extend(watches);
    let mut states = watch(&fake.connection(), STREAM.parse().unwrap());
    let mut sequences = Vec::new();
    while let Some(state) = states.next().await {
        match state {
            Ok(state) => sequences.push(state.sequence),
            Err(fault) => return (fake, sequences, Some(fault)),
        }
    }
    (fake, sequences, None)
}

#[tokio::test(start_paused = true)]
async fn goes_on_after_the_last_state_when_the_connection_breaks() {
    let watches = [
        vec![Ok(state(3)), Ok(state(5)), Err(passing())],
        vec![Err(passing())],
        vec![Ok(state(5)), Ok(state(9)), Err(lasting())],
    ];
    let (_, sequences, fault) = delivered(watches).await;
    assert_eq!((sequences, fault), (vec![3, 5, 9], Some(lasting())));
}

#[tokio::test(start_paused = true)]
async fn gives_up_when_the_failure_does_not_pass() {
    let (fake, sequences, fault) = delivered(vec![vec![Err(passing())]; 100]).await;
    assert_eq!((sequences, fault), (vec![], Some(passing())));
    assert_eq!(fake.calls(Call::Watch), 6, "once, and five times again");
}

#[tokio::test]
async fn refuses_the_state_of_another_stream() {
    let mut other = state(1);
    other.stream = "default/mission-audit/p/m/other".parse().unwrap();
    let (_, sequences, fault) = delivered([vec![Ok(other)]]).await;
    assert_eq!((sequences, &*fault.unwrap().code), (vec![], "AS-CLIENT-0016"));
}
