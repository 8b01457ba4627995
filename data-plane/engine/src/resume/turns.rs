//! Whose turn it is to write an upload: the newest caller's. A client whose connection broke asks again long before its
//! old stream is known to be dead, so the older one is ended, and the newer one waits until it has put down what came.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use artifactstore_types::Fault;
use tokio::{
    sync::{OwnedMutexGuard, watch},
    time,
};

use super::UploadKey;
use crate::faults;

/// How long the older caller may take to put down what came: its parts may still be on their way.
const PATIENCE: Duration = Duration::from_mins(1);

/// The uploads that are being written or asked about. Clones are the same ones.
#[derive(Clone, Default)]
pub(super) struct Turns(Arc<Mutex<HashMap<UploadKey, Seat>>>);

struct Seat {
    /// Held by whoever writes.
    turn: Arc<tokio::sync::Mutex<()>>,
    /// Tells the newest caller so far that there is a newer one.
    newer: watch::Sender<bool>,
    /// How many have or want it.
    callers: usize,
}

/// The turn to write an upload.
pub(super) struct Turn {
    caller: Caller,
    _held: OwnedMutexGuard<()>,
}

impl Turns {
    /// Takes the turn from whoever has it.
    pub async fn take(&self, key: UploadKey) -> Result<Turn, Fault> {
        let (turn, caller) = self.call(key);
        let mut newer = caller.newer.clone();
        tokio::select! {
            held = time::timeout(PATIENCE, turn.lock_owned()) => match held {
                Ok(held) => Ok(Turn { caller, _held: held }),
                Err(_) => Err(faults::upload_busy()),
            },
            _ = newer.wait_for(|newer| *newer) => Err(faults::upload_taken()),
        }
    }

    fn call(&self, key: UploadKey) -> (Arc<tokio::sync::Mutex<()>>, Caller) {
        let mut seats = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (newer, is_newer) = watch::channel(false);
        let seat = seats.entry(key).or_insert_with(|| Seat { turn: Arc::default(), newer: newer.clone(), callers: 0 });
        seat.callers += 1;
        let older = std::mem::replace(&mut seat.newer, newer);
        if seat.callers > 1 {
            older.send_replace(true);
        }
        (Arc::clone(&seat.turn), Caller { turns: self.clone(), key, newer: is_newer })
    }
}

impl Turn {
    /// Returns when somebody newer wants to write.
    pub async fn wanted(&mut self) {
        // A sender that is gone was replaced by a newer caller's.
        let _ = self.caller.newer.wait_for(|newer| *newer).await;
    }
}

/// One who has a turn or wants it; forgotten when dropped.
struct Caller {
    turns: Turns,
    key: UploadKey,
    newer: watch::Receiver<bool>,
}

impl Drop for Caller {
    fn drop(&mut self) {
        let mut seats = self.turns.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(seat) = seats.get_mut(&self.key) {
            seat.callers -= 1;
            if seat.callers == 0 {
                seats.remove(&self.key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> UploadKey {
        UploadKey::from_bytes([1; 32])
    }

    #[tokio::test]
    async fn the_newest_caller_waits_for_the_one_it_sends_away() {
        let turns = Turns::default();
        let mut first = turns.take(key()).await.unwrap();
        let newer = tokio::spawn({
            let turns = turns.clone();
            async move { turns.take(key()).await.map(drop) }
        });
        first.wanted().await;
        assert!(!newer.is_finished());
        drop(first);
        newer.await.unwrap().unwrap();
        assert!(turns.0.lock().unwrap().is_empty());
    }

    #[tokio::test]
    async fn one_that_waits_is_sent_away_by_a_newer_one() {
        let turns = Turns::default();
        let mut first = turns.take(key()).await.unwrap();
        let second = tokio::spawn({
            let turns = turns.clone();
            async move { turns.take(key()).await.map(drop) }
        });
        first.wanted().await;
        let third = tokio::spawn({
            let turns = turns.clone();
            async move { turns.take(key()).await.map(drop) }
        });
        assert_eq!(second.await.unwrap().unwrap_err(), faults::upload_taken());
        drop(first);
        third.await.unwrap().unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn one_that_does_not_let_go_is_not_waited_for_for_ever() {
        let turns = Turns::default();
        let _stuck = turns.take(key()).await.unwrap();
        assert_eq!(turns.take(key()).await.map(drop).unwrap_err(), faults::upload_busy());
        let other = UploadKey::from_bytes([2; 32]);
        turns.take(other).await.unwrap();
    }
}
