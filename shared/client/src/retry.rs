//! Asking again after a passing failure: only where the fault says that the same request may succeed, a bounded
//! number of times, each pause longer than the last and never the same for two clients.

use std::{future::Future, time::Duration};

use artifactstore_types::{Fault, Outcome, Retry};
use backon::{BackoffBuilder as _, ExponentialBackoff, ExponentialBuilder, Retryable as _};

/// How many times a request is made again.
const REPEATS: usize = 5;
/// How many times it is asked for again that may be back soon, such as a node that was restarted.
const PATIENT_REPEATS: usize = 14;

/// The pauses between attempts: 0.1 s to 5 s, doubled each time, with jitter.
pub fn pauses() -> ExponentialBackoff {
    policy().build()
}

/// The pauses while something that went away is waited for: 0.1 s to 2 s, some twenty seconds in all, with jitter.
pub fn patient_pauses() -> ExponentialBackoff {
    policy().with_max_delay(Duration::from_secs(2)).with_max_times(PATIENT_REPEATS).build()
}

fn policy() -> ExponentialBuilder {
    ExponentialBuilder::default()
        .with_min_delay(Duration::from_millis(100))
        .with_max_delay(Duration::from_secs(5))
        .with_max_times(REPEATS)
        .with_jitter()
}

/// Makes a request that has the same effect however often it is made.
pub async fn idempotent<T, F, R>(request: R) -> Result<T, Fault>
where
    R: FnMut() -> F,
    F: Future<Output = Result<T, Fault>>,
{
    request.retry(policy()).when(may_pass).await
}

/// Makes a request that must not take effect twice: again only after a failure that certainly changed nothing.
pub async fn once<T, F, R>(request: R) -> Result<T, Fault>
where
    R: FnMut() -> F,
    F: Future<Output = Result<T, Fault>>,
{
    request.retry(policy()).when(|fault| may_pass(fault) && fault.outcome == Outcome::NotApplied).await
}

/// Whether the same request may succeed later.
pub fn may_pass(fault: &Fault) -> bool {
    fault.retry == Retry::SameRequest
}
