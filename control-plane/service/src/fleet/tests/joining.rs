//! Who may join, and what a node is told on its stream.

use artifactstore_dataplane::signing::{JoinToken, SigningKey};
use artifactstore_registry::node::{NodeCommand, NodeRequest};
use artifactstore_store::Nodes as _;
use artifactstore_testkit::{START, word};
use artifactstore_types::{Category, ControlKey, NodeDescription, NodeStatus};
use futures::StreamExt as _;

use super::{super::Update, Node, Site};

#[tokio::test]
async fn a_node_that_proves_its_key_is_registered_and_active_once_it_is_heard() {
    let (site, node) = (Site::new(), Node::new("node-a", &["rgw"]));
    site.plane(&node);
    let session = site.join(&node).await.unwrap();
    assert_eq!((session.status(), site.status(&node).await), (NodeStatus::Registered, NodeStatus::Registered));
    session.hear(node.heartbeat(30)).await.unwrap();
    let record = site.record(&node).await;
    assert_eq!(record.status, NodeStatus::Active);
    assert_eq!(record.heard.unwrap().heartbeat, node.heartbeat(30), "what was heard is written down first");
}

#[tokio::test]
async fn a_proof_by_another_key_or_of_another_challenge_is_refused() {
    let (site, node) = (Site::new(), Node::new("node-a", &["rgw"]));
    let thief = Node { key: SigningKey::from_secret(&[3; 32]), ..node.clone() };
    let nonce = site.fleet.challenge();
    let refused = site.fleet.join(node.description.clone(), nonce, &thief.proof(nonce, None)).await.err().unwrap();
    assert_eq!((&*refused.code, refused.category), ("AS-SVC-0033", Category::PermissionDenied));
    let replayed = node.proof(site.fleet.challenge(), None);
    assert_eq!(&*site.fleet.join(node.description, nonce, &replayed).await.err().unwrap().code, "AS-SVC-0033");
    assert_eq!(site.store.list_nodes().await.unwrap(), []);
}

#[tokio::test]
async fn another_machine_cannot_take_a_node_id() {
    let (site, node) = (Site::new(), Node::new("node-a", &["rgw"]));
    site.plane(&node);
    site.join(&node).await.unwrap();
    let other = Node::new("node-b", &["rgw"]);
    let thief = Node { description: NodeDescription { node_id: node.id(), ..other.description.clone() }, ..other };
    assert_eq!(&*site.join(&thief).await.err().unwrap().code, "AS-REG-0033");
}

#[tokio::test]
async fn where_there_is_a_join_token_only_who_was_given_it_joins() {
    let token = JoinToken::new("open sesame");
    let site = Site::with(|options| options.join_token = Some(token.clone()));
    let node = Node::new("node-a", &["rgw"]);
    site.plane(&node);
    for guess in [None, Some(JoinToken::new("sesame"))] {
        let nonce = site.fleet.challenge();
        let proof = node.proof(nonce, guess.as_ref());
        assert_eq!(&*site.fleet.join(node.description.clone(), nonce, &proof).await.err().unwrap().code, "AS-SVC-0034");
    }
    assert_eq!(site.store.list_nodes().await.unwrap(), []);
    let nonce = site.fleet.challenge();
    let proof = node.proof(nonce, Some(&token));
    assert!(site.fleet.join(node.description.clone(), nonce, &proof).await.is_ok());
}

#[tokio::test]
async fn a_node_is_told_of_keys_and_of_its_own_life_and_why_its_stream_ends() {
    let (site, node) = (Site::new(), Node::new("node-a", &["rgw"]));
    site.plane(&node);
    let session = site.active(&node).await;
    let mut updates = session.updates();
    assert_eq!(updates.next().await, Some(Ok(Update::Status(NodeStatus::Active))));

    let own = *site.fleet.signing_key().public_key().bytes();
    assert!(session.keys().iter().any(|key| key.public_key == own), "it takes the tokens of who it joined");
    let another = *SigningKey::from_secret(&[7; 32]).public_key().bytes();
    let another = ControlKey { public_key: another, ..session.keys()[0] };
    site.store.trust_control_key(&another).await.unwrap();
    site.fleet.refresh().await.unwrap();
    let keys = site.store.list_control_keys(START).await.unwrap();
    assert_eq!(keys.len(), 2);
    assert_eq!(updates.next().await, Some(Ok(Update::Keys(keys))));

    for (request, status) in [(NodeRequest::Drain, NodeStatus::Draining), (NodeRequest::Resume, NodeStatus::Active)] {
        asked(&site, &node, request).await;
        assert_eq!(updates.next().await, Some(Ok(Update::Status(status))));
    }
    asked(&site, &node, NodeRequest::Drain).await;
    asked(&site, &node, NodeRequest::Remove).await;
    let last = updates.next().await.unwrap().unwrap_err();
    assert_eq!((&*last.code, last.category), ("AS-SVC-0035", Category::PermissionDenied));
    assert_eq!(updates.next().await, None);
    assert_eq!(session.hear(node.heartbeat(0)).await, Ok(()), "a heartbeat that was under way does no harm");
    assert_eq!(&*site.join(&node).await.err().unwrap().code, "AS-REG-0032");
}

/// Has somebody else change a node, and this control plane notice.
async fn asked(site: &Site, node: &Node, request: NodeRequest) {
    let command = NodeCommand { node_id: node.id(), actor: word("an operator"), at: START, request };
    site.store.change_node(command).await.unwrap();
    site.fleet.refresh().await.unwrap();
}

#[tokio::test]
async fn the_newer_stream_of_a_node_ends_the_older_and_outlives_its_end() {
    let (site, node) = (Site::new(), Node::new("node-a", &["rgw"]));
    site.plane(&node);
    let older = site.active(&node).await;
    let newer = site.active(&node).await;
    let mut updates = older.updates();
    let last = loop {
        if let Err(fault) = updates.next().await.unwrap() {
            break fault;
        }
    };
    assert_eq!((&*last.code, last.category), ("AS-SVC-0036", Category::Conflict));
    drop(older);
    assert!(!site.fleet.roster().find(&node.id()).unwrap().is_absent);
    drop(newer);
    assert!(site.fleet.roster().find(&node.id()).unwrap().is_absent);
}

#[test]
fn no_challenge_comes_twice() {
    let site = Site::new();
    let challenges: std::collections::BTreeSet<_> = (0..1_000).map(|_| site.fleet.challenge()).collect();
    assert_eq!(challenges.len(), 1_000);
}
