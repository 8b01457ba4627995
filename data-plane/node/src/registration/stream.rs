//! One announcement: hello, challenge, proof, accepted; then heartbeats one way, keys and orders the other.

use std::time::Duration;

use artifactstore_dataplane::signing::{Announcement, JoinToken, Nonce, SigningKey};
use artifactstore_types::{ControlKey, Endpoint, Fault, NodeDescription, NodeHeartbeat};
use artifactstore_wire::{
    field, node_status, opening, transport, unreadable,
    v1::{
        self, announce_request::Part as Said, announce_response::Part as Heard, node_service_client::NodeServiceClient,
    },
};
use bytes::Bytes;
use futures::{TryStreamExt as _, stream::BoxStream};
use tokio::{
    sync::mpsc,
    time::{self, MissedTickBehavior},
};
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;

use crate::{faults, load::Load, readiness::Readiness, site::Site};

/// How long a connection may take to stand.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long each answer of a control plane may take until the node is known.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);
/// Heartbeats that the network has not taken; more would only say the same.
const HEARTBEATS_AHEAD: usize = 2;
/// The shortest and longest interval a control plane may ask for.
const INTERVALS: (Duration, Duration) = (Duration::from_millis(10), Duration::from_mins(1));

/// Announces this node. Clones are the same one.
#[derive(Clone)]
pub struct Announcer {
    pub description: NodeDescription,
    pub key: SigningKey,
    pub join_token: Option<JoinToken>,
    pub site: Site,
    pub load: Load,
    pub readiness: Readiness,
}

type Answers = BoxStream<'static, Result<v1::AnnounceResponse, Fault>>;

impl Announcer {
    /// Announces the node to one control plane and keeps it known there, until the stream ends. Says whether it was known
    /// at all, and why it is no longer; `None` where `ended` was, and the control plane told.
    pub async fn announce(&self, endpoint: &Endpoint, ended: &CancellationToken) -> Option<(bool, Fault)> {
        match ended.run_until_cancelled(self.open(endpoint)).await? {
            Err(fault) => Some((false, fault)),
            Ok((said, heard, interval)) => {
                tracing::info!(control_plane = %endpoint, ?interval, "known to this control plane");
                self.keep(endpoint, said, heard, interval, ended).await.map(|fault| (true, fault))
            }
        }
    }

    /// Until the node is known: what it says goes on through the sender.
    async fn open(&self, endpoint: &Endpoint) -> Result<(mpsc::Sender<v1::AnnounceRequest>, Answers, Duration), Fault> {
        let address = tonic::transport::Endpoint::from_shared(endpoint.to_string()).map_err(faults::not_describable)?;
        let channel = transport::tune_endpoint(address).connect_timeout(CONNECT_TIMEOUT).connect_lazy();
        let mut control_plane = NodeServiceClient::new(channel);

        let (sender, said) = mpsc::channel(HEARTBEATS_AHEAD);
        say(&sender, Said::Hello(self.description.clone().into())).await?;
        let announced = control_plane.announce(ReceiverStream::new(said));
        let mut answers = opening::opened(ANSWER_TIMEOUT, announced).await?;

        let Heard::Challenge(challenge) = answer(&mut answers, "challenge").await? else {
            return Err(faults::answered_otherwise("a challenge"));
        };
        let nonce = Nonce::try_from(&challenge.nonce[..]).map_err(|_| faults::answered_otherwise("a nonce"))?;
        say(&sender, Said::Proof(self.proof(nonce)?)).await?;

        let Heard::Accepted(accepted) = answer(&mut answers, "acceptance").await? else {
            return Err(faults::answered_otherwise("an acceptance"));
        };
        let keys: Vec<ControlKey> = field::converted("accepted.keys", accepted.keys).map_err(unreadable)?;
        let status = node_status(accepted.status).map_err(unreadable)?;
        self.site.trust(endpoint, keys);
        self.site.set_status(status);
        let (shortest, longest) = INTERVALS;
        let interval = Duration::from_millis(accepted.heartbeat_interval_ms.into()).clamp(shortest, longest);
        Ok((sender, answers, interval))
    }

    fn proof(&self, nonce: Nonce) -> Result<v1::AnnounceProof, Fault> {
        let announcement = Announcement::new(&self.description, nonce).map_err(faults::not_describable)?;
        let join_proof = self.join_token.as_ref().map(|token| announcement.join_proof(token));
        Ok(v1::AnnounceProof {
            signature: Bytes::copy_from_slice(&announcement.sign(&self.key)),
            join_proof: join_proof.map(|proof| Bytes::copy_from_slice(&proof)),
        })
    }

    /// Heartbeats, and whatever the control plane has to say, until either end has had enough.
    async fn keep(
        &self,
        endpoint: &Endpoint,
        said: mpsc::Sender<v1::AnnounceRequest>,
        mut heard: Answers,
        interval: Duration,
        ended: &CancellationToken,
    ) -> Option<Fault> {
        let mut ticks = time::interval(interval);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let beating = async {
            let mut told_of_end = false;
            loop {
                // That it ends is said at once, not with the next tick.
                tokio::select! {
                    _ = ticks.tick() => {}
                    () = self.readiness.ending.cancelled(), if !told_of_end => told_of_end = true,
                    () = ended.cancelled(), if told_of_end => return None,
                }
                if let Err(fault) = say(&said, Said::Heartbeat(self.heartbeat(interval).await.into())).await {
                    return Some(fault);
                }
            }
        };
        let hearing = async {
            loop {
                match heard.try_next().await {
                    Ok(Some(message)) => {
                        if let Err(fault) = self.hear(endpoint, message) {
                            return fault;
                        }
                    }
                    Ok(None) => return faults::answered_otherwise("anything more"),
                    Err(fault) => return fault,
                }
            }
        };
        let fault = tokio::select! {
            fault = hearing => Some(fault),
            fault = beating => fault,
        };
        if fault.is_none() {
            // What was said is on its way until the other side ends too.
            drop(said);
            while let Ok(Some(_)) = heard.try_next().await {}
        }
        fault
    }

    /// Made within one interval, whatever the backends do: a node that is silent counts as gone.
    async fn heartbeat(&self, interval: Duration) -> NodeHeartbeat {
        // The end is looked at last, so that what is said after it was asked for says so.
        let backends = self.readiness.backends_within(interval).await;
        NodeHeartbeat { load: self.load.told(), backends, stopping: self.readiness.ending.is_cancelled() }
    }

    fn hear(&self, endpoint: &Endpoint, message: v1::AnnounceResponse) -> Result<(), Fault> {
        match field::required("part", message.part).map_err(unreadable)? {
            Heard::Keys(keys) => {
                self.site.trust(endpoint, Vec::<ControlKey>::try_from(keys).map_err(unreadable)?);
            }
            Heard::Status(change) => self.site.set_status(node_status(change.status).map_err(unreadable)?),
            Heard::Challenge(_) | Heard::Accepted(_) => return Err(faults::answered_otherwise("keys or a status")),
        }
        Ok(())
    }
}

/// The next answer, in time.
async fn answer(answers: &mut Answers, what: &'static str) -> Result<Heard, Fault> {
    let next = time::timeout(ANSWER_TIMEOUT, answers.try_next()).await;
    let message = next.map_err(|_| faults::not_answered(what, ANSWER_TIMEOUT))??;
    let message = message.ok_or_else(|| faults::answered_otherwise(what))?;
    field::required("part", message.part).map_err(unreadable)
}

/// Says something; a network that takes nothing for too long has gone.
async fn say(said: &mpsc::Sender<v1::AnnounceRequest>, part: Said) -> Result<(), Fault> {
    let message = v1::AnnounceRequest { part: Some(part) };
    match said.send_timeout(message, ANSWER_TIMEOUT).await {
        Ok(()) => Ok(()),
        Err(_) => Err(faults::not_answered("room for a heartbeat", ANSWER_TIMEOUT)),
    }
}
