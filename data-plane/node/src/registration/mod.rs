//! How the control planes come to know this node: one stream to each, for as long as the node lives. A stream that ends is
//! opened anew after a pause, which grows while there is no luck and differs from node to node, so that a control plane that
//! comes back is not met by all of them at once.

mod stream;

use std::time::Duration;

use artifactstore_types::{Endpoint, Fault};
use backon::{BackoffBuilder as _, ExponentialBackoff, ExponentialBuilder};
use tokio::{task::JoinSet, time};
use tokio_util::sync::CancellationToken;

pub use self::stream::Announcer;

/// The first pause.
const SHORTEST_PAUSE: Duration = Duration::from_millis(100);
/// The longest one: a control plane that is back is found within this, jitter included.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// How long the streams may take to say that the node ends.
const FAREWELL: Duration = Duration::from_secs(2);

/// The streams to the control planes.
pub struct Registration {
    ended: CancellationToken,
    streams: JoinSet<()>,
}

impl Registration {
    /// Opens a stream to each control plane, and keeps at it.
    pub fn start(announcer: &Announcer, control_planes: &[Endpoint]) -> Self {
        let ended = CancellationToken::new();
        let mut streams = JoinSet::new();
        for endpoint in control_planes {
            let (announcer, endpoint, ended) = (announcer.clone(), endpoint.clone(), ended.clone());
            streams.spawn(async move { keep_announced(&announcer, &endpoint, &ended).await });
        }
        Self { ended, streams }
    }

    /// Ends every stream, when it has said that the node ends.
    pub async fn end(mut self) {
        self.ended.cancel();
        let all = async { while self.streams.join_next().await.is_some() {} };
        if time::timeout(FAREWELL, all).await.is_err() {
            // A control plane that does not listen any more finds out by itself.
            self.streams.shutdown().await;
        }
    }
}

async fn keep_announced(announcer: &Announcer, endpoint: &Endpoint, ended: &CancellationToken) {
    let mut pauses = pauses();
    let mut last: Option<Fault> = None;
    loop {
        let Some((was_accepted, fault)) = announcer.announce(endpoint, ended).await else { return };
        announcer.site.lose(endpoint, fault.to_string());
        if was_accepted {
            pauses = self::pauses();
            last = None;
        }
        // The same trouble is told once.
        if last.as_ref().is_none_or(|last| last.code != fault.code) {
            tracing::warn!(control_plane = %endpoint, %fault, "not known to this control plane; trying again");
        }
        last = Some(fault);
        let pause = time::sleep(pauses.next().unwrap_or(LONGEST_PAUSE));
        if ended.run_until_cancelled(pause).await.is_none() {
            return;
        }
    }
}

fn pauses() -> ExponentialBackoff {
    let pauses = ExponentialBuilder::default().with_min_delay(SHORTEST_PAUSE).with_max_delay(LONGEST_PAUSE / 2);
    pauses.without_max_times().with_jitter().build()
}
