//! Tickets and statements, with nodes played by their keys.

use std::{collections::BTreeSet, sync::Arc};

use artifactstore_client::KnownFile;
use artifactstore_dataplane::{
    DataPlane, IngestHints, MemoryPlane,
    signed_receipt::Statement,
    signing::{KeyRing, SigningKey, Window},
    ticket::{Operation, Target, Ticket, TicketVerifier},
};
use artifactstore_registry::node::NodeRequest;
use artifactstore_store::{Committer, CommitterOptions, Tail, TailOptions, Views as _};
use artifactstore_testkit::{file_header, new_package, upload, word};
use artifactstore_types::{
    ByteRange, Category, Clock as _, ContentAddress, Fault, FileRecord, IdempotencyKey, IssuedTicket, NewPackage,
    NodeId, PackageId, Receipt, StatedFile, SystemIds, TicketStatement, TicketTarget, Timestamp, Upload,
};
use bytes::Bytes;
use futures::{StreamExt as _, stream};

use super::{Direct, DirectOptions};
use crate::{
    Parts, Service, ServiceOptions,
    fleet::{
        Session,
        tests::{Node, Site},
    },
};

struct World {
    site: Site,
    service: Service,
    direct: Direct,
    nodes: Vec<(Node, MemoryPlane, Session)>,
}

/// A control plane with nodes `node-a` and `node-b` on one shared backend.
async fn world() -> World {
    let site = Site::new();
    let mut nodes = Vec::new();
    for name in ["node-a", "node-b"] {
        let node = Node::new(name, &["rgw"]);
        let plane = site.plane(&node);
        let session = site.active(&node).await;
        nodes.push((node, plane, session));
    }
    site.fleet.extend_key(site.clock.now()).await.unwrap();
    site.fleet.refresh().await.unwrap();
    let parts = Parts {
        store: site.store.clone(),
        committer: Committer::start(site.store.clone(), CommitterOptions::default()),
        tail: Tail::start(site.store.clone(), TailOptions::default()),
        plane: Arc::new(site.fleet.clone()),
        clock: Arc::new(site.clock.clone()),
        ids: Arc::new(SystemIds),
    };
    let service = Service::new(parts, ServiceOptions::default());
    let direct = Direct::new(service.clone(), site.fleet.clone(), DirectOptions::default());
    World { site, service, direct, nodes }
}

fn file(path: &str, size_bytes: u64) -> TicketTarget {
    TicketTarget::File { relative_path: word(path), size_bytes, declared: None }
}

impl World {
    fn now(&self) -> Timestamp {
        self.site.clock.now()
    }

    async fn package(&self) -> PackageId {
        self.service.create_package(&word("tester"), new_package("run"), None).await.unwrap().package_id
    }

    async fn issue(&self, package: PackageId, target: TicketTarget) -> IssuedTicket {
        let issued = self.direct.issue_tickets(package, vec![target], &BTreeSet::new()).await.unwrap();
        issued.into_iter().next().unwrap().unwrap()
    }

    fn ticket(&self, issued: &IssuedTicket) -> Ticket {
        let mut keys = KeyRing::default();
        let key = self.site.fleet.signing_key().public_key();
        keys.trust(key, (), Window::from(Timestamp::EARLIEST)).unwrap();
        TicketVerifier { keys }.authenticate(&issued.ticket, self.now()).unwrap()
    }

    fn node(&self, id: &NodeId) -> &(Node, MemoryPlane, Session) {
        self.nodes.iter().find(|(node, ..)| node.id() == *id).unwrap()
    }

    /// What a node answers who is shown this ticket and sent these blobs.
    async fn send(&self, issued: &IssuedTicket, blobs: &[&str]) -> TicketStatement {
        let (node, plane, _) = self.node(&issued.node_id);
        let mut receipts = Vec::new();
        for blob in blobs {
            let bytes = stream::iter([Ok(Bytes::copy_from_slice(blob.as_bytes()))]).boxed();
            receipts.push(plane.ingest_stream(IngestHints::default(), bytes).await.unwrap());
        }
        self.state(issued, &node.key, 0, receipts)
    }

    fn state(&self, issued: &IssuedTicket, key: &SigningKey, part: u64, receipts: Vec<Receipt>) -> TicketStatement {
        let ticket_id = self.ticket(issued).ticket_id();
        let statement = Statement::new(ticket_id, part, issued.node_id.clone(), self.now(), receipts).unwrap();
        let statement = statement.sign(key).unwrap().bytes().clone();
        TicketStatement { ticket: issued.ticket.clone(), statement }
    }

    async fn commit(
        &self,
        upload: &Upload,
        shown: &TicketStatement,
        paths: &[&str],
    ) -> Result<Vec<Result<FileRecord, Fault>>, Fault> {
        let stated = |(receipt, path): (usize, &&str)| StatedFile { header: file_header(path), statement: 0, receipt };
        let stated = paths.iter().enumerate().map(stated).collect();
        self.direct.commit_files(upload, Vec::new(), vec![shown.clone()], stated).await
    }
}

#[tokio::test]
async fn a_file_that_a_node_states_to_have_is_registered_where_it_lies() {
    let world = world().await;
    let package = world.package().await;
    let issued = world.issue(package, file("a", 5)).await;
    let shown = world.send(&issued, &["bytes"]).await;
    let answers = world.commit(&upload(package), &shown, &["a"]).await.unwrap();
    let record = answers[0].as_ref().unwrap();
    assert_eq!(record.content_address, ContentAddress::of(b"bytes"));
    let locations = world.site.store.list_locations(&[record.content_address]).await.unwrap();
    assert_eq!(locations[0].node_id, issued.node_id);
    // The nodes' backend is one store, so each of them has what one was sent.
    for (_, plane, _) in &world.nodes {
        let bytes = stream::iter([Ok(Bytes::from_static(b"bytes"))]).boxed();
        plane.ingest_stream(IngestHints::default(), bytes).await.unwrap();
    }
    let again = KnownFile { header: file_header("b"), address: record.content_address };
    assert!(world.direct.commit_files(&upload(package), vec![again], vec![], vec![]).await.unwrap()[0].is_ok());
}

#[tokio::test]
async fn a_ticket_names_one_node_one_package_one_thing_and_minutes() {
    let world = world().await;
    let package = world.package().await;
    let declared = ContentAddress::of(b"x");
    let blob = TicketTarget::File { relative_path: word("a"), size_bytes: 1, declared: Some(declared) };
    let cases = [
        (file("a", 7), Target::Path(word("a")), 7),
        (blob, Target::Blob(declared), 1),
        (TicketTarget::Batch { size_bytes: 9 }, Target::Batch, 9),
    ];
    for (asked, target, size_limit) in cases {
        let issued = world.issue(package, asked).await;
        let ticket = world.ticket(&issued);
        let permission = ticket.permission();
        assert_eq!((&permission.target, permission.size_limit), (&target, size_limit));
        assert_eq!((permission.operation, permission.package_id), (Operation::Ingest, package));
        assert_eq!((&permission.node_id, permission.backend_id.as_str()), (&issued.node_id, "rgw"));
        assert_eq!(issued.expires_at, world.now().plus_seconds(900));
        assert_eq!(ticket.expires_at(), issued.expires_at);
    }
}

#[tokio::test]
async fn a_node_that_failed_is_not_named_again_and_in_the_end_nobody_is() {
    let world = world().await;
    let package = world.package().await;
    let mut failed = BTreeSet::new();
    for _ in 0..2 {
        let issued = world.direct.issue_tickets(package, vec![file("a", 1)], &failed).await.unwrap();
        assert!(failed.insert(issued[0].clone().unwrap().node_id));
    }
    let issued = world.direct.issue_tickets(package, vec![file("a", 1), file("b", 1)], &failed).await.unwrap();
    assert_eq!(issued, [None, None]);
}

#[tokio::test]
async fn a_closed_package_gets_no_tickets() {
    let world = world().await;
    let package = world.package().await;
    world.service.fail_package(&word("tester"), package, "aborted").await.unwrap();
    let refused = world.direct.issue_tickets(package, vec![file("a", 1)], &BTreeSet::new()).await.unwrap_err();
    assert_eq!(refused.category, Category::FailedPrecondition);
}

#[tokio::test]
async fn what_is_forged_altered_foreign_or_too_much_is_refused_and_nothing_is_registered() {
    let world = world().await;
    let package = world.package().await;
    let issued = world.issue(package, file("a", 5)).await;
    let good = world.send(&issued, &["bytes"]).await;
    let (node, plane, _) = world.node(&issued.node_id);
    let (other, ..) = world.nodes.iter().find(|(node, ..)| node.id() != issued.node_id).unwrap();
    let bytes = |text: &'static str| stream::iter([Ok(Bytes::from_static(text.as_bytes()))]).boxed();
    let receipt = plane.ingest_stream(IngestHints::default(), bytes("bytes")).await.unwrap();
    let larger = plane.ingest_stream(IngestHints::default(), bytes("more bytes")).await.unwrap();

    let mut altered = good.clone();
    let middle = altered.statement.len() / 2;
    let mut flipped = altered.statement.to_vec();
    flipped[middle] ^= 1;
    altered.statement = flipped.into();
    let forged = world.state(&issued, &other.key, 0, vec![receipt.clone()]);
    let unknown = world.state(&issued, &SigningKey::from_secret(&[5; 32]), 0, vec![receipt.clone()]);
    let too_much = world.state(&issued, &node.key, 0, vec![larger]);
    let second = world.issue(package, file("a", 5)).await;
    let other_ticket = TicketStatement { ticket: second.ticket, statement: good.statement.clone() };
    let mut no_ticket = good.clone();
    no_ticket.ticket = "e30.e30.AA".to_owned().into();
    for shown in [altered, forged, unknown, too_much, other_ticket, no_ticket] {
        let refused = world.commit(&upload(package), &shown, &["a"]).await.unwrap_err();
        assert!(refused.code.starts_with("AS-DPL-00"), "{refused}");
    }
    assert_eq!(&*world.commit(&upload(package), &good, &["elsewhere"]).await.unwrap_err().code, "AS-DPL-0007");
    let other_package = world.package().await;
    assert_eq!(&*world.commit(&upload(other_package), &good, &["a"]).await.unwrap_err().code, "AS-DPL-0007");
    assert_eq!(world.service.require_package(package).await.unwrap().file_count, 0);
    assert!(world.commit(&upload(package), &good, &["a"]).await.unwrap()[0].is_ok());
}

#[tokio::test]
async fn a_statement_that_is_too_old_is_refused() {
    let world = world().await;
    let package = world.package().await;
    let issued = world.issue(package, file("a", 5)).await;
    let shown = world.send(&issued, &["bytes"]).await;
    world.site.clock.advance(std::time::Duration::from_mins(61));
    world.site.fleet.extend_key(world.now()).await.unwrap();
    world.site.fleet.refresh().await.unwrap();
    let refused = world.commit(&upload(package), &shown, &["a"]).await.unwrap_err();
    assert_eq!((&*refused.code, refused.category), ("AS-DPL-0029", Category::PermissionDenied));
}

#[tokio::test]
async fn a_ticket_is_answered_once_and_the_same_answer_may_be_repeated() {
    let world = world().await;
    let package = world.package().await;
    let issued = world.issue(package, TicketTarget::Batch { size_bytes: 100 }).await;
    let shown = world.send(&issued, &["one", "two"]).await;
    let key = Some(IdempotencyKey::from_bytes([3; 16]));
    let upload = Upload { idempotency_key: key, ..upload(package) };
    let first = world.commit(&upload, &shown, &["1", "2"]).await.unwrap();
    let again = world.commit(&upload, &shown, &["1", "2"]).await.unwrap();
    assert_eq!(again, first);
    let otherwise = world.send(&issued, &["three"]).await;
    let refused = world.commit(&upload, &otherwise, &["3"]).await.unwrap_err();
    assert_eq!((&*refused.code, refused.category), ("AS-REG-0040", Category::PermissionDenied));
    assert_eq!(world.service.require_package(package).await.unwrap().file_count, 2);
}

#[tokio::test]
async fn the_statement_of_a_node_that_was_removed_counts_no_more() {
    let world = world().await;
    let package = world.package().await;
    let issued = world.issue(package, file("a", 5)).await;
    let shown = world.send(&issued, &["bytes"]).await;
    for request in [NodeRequest::Drain, NodeRequest::Remove] {
        world.service.change_node(&word("an operator"), &issued.node_id, request).await.unwrap();
    }
    world.site.fleet.refresh().await.unwrap();
    assert_eq!(&*world.commit(&upload(package), &shown, &["a"]).await.unwrap_err().code, "AS-DPL-0023");
}

#[tokio::test]
async fn a_ticket_of_another_control_plane_counts_though_its_key_is_new_here() {
    let world = world().await;
    let package = world.package().await;
    let issued = world.issue(package, file("a", 5)).await;
    let shown = world.send(&issued, &["bytes"]).await;
    let other = world.site.beside();
    let parts = Parts {
        store: world.site.store.clone(),
        committer: Committer::start(world.site.store.clone(), CommitterOptions::default()),
        tail: Tail::start(world.site.store.clone(), TailOptions::default()),
        plane: Arc::new(other.fleet.clone()),
        clock: Arc::new(world.site.clock.clone()),
        ids: Arc::new(SystemIds),
    };
    let service = Service::new(parts, ServiceOptions::default());
    let direct = Direct::new(service, other.fleet.clone(), DirectOptions::default());
    let stated = vec![StatedFile { header: file_header("a"), statement: 0, receipt: 0 }];
    let answers = direct.commit_files(&upload(package), vec![], vec![shown], stated).await.unwrap();
    assert!(answers[0].is_ok());
}

#[tokio::test]
async fn a_file_names_a_receipt_that_is_shown() {
    let world = world().await;
    let package = world.package().await;
    let issued = world.issue(package, file("a", 5)).await;
    let shown = world.send(&issued, &["bytes"]).await;
    for (statement, receipt) in [(1, 0), (0, 1), (usize::MAX, usize::MAX)] {
        let stated = vec![StatedFile { header: file_header("a"), statement, receipt }];
        let refused = world.direct.commit_files(&upload(package), vec![], vec![shown.clone()], stated).await;
        assert_eq!(&*refused.unwrap_err().code, "AS-SVC-0031");
    }
}

#[tokio::test]
async fn a_reader_is_sent_to_the_nodes_that_have_a_large_file_and_served_a_small_one() {
    let mut world = world().await;
    world.direct = Direct::new(
        world.service.clone(),
        world.site.fleet.clone(),
        DirectOptions { redirect_bytes: 4, ..DirectOptions::default() },
    );
    let package = world.package().await;
    let issued = world.issue(package, file("a", 5)).await;
    let shown = world.send(&issued, &["bytes"]).await;
    world.commit(&upload(package), &shown, &["a"]).await.unwrap();
    let path = word("a");
    let located = world.direct.locate(package, &path, ByteRange::ALL).await.unwrap().unwrap();
    let named: BTreeSet<_> = located.sources.iter().map(|source| source.issued.node_id.to_string()).collect();
    assert_eq!(named.len(), 2, "both nodes reach the backend");
    let ticket = world.ticket(&located.sources[0].issued);
    assert_eq!(ticket.permission().operation, Operation::Serve);
    assert_eq!(ticket.permission().target, Target::Blob(located.file.content_address));
    let part = ByteRange { offset: 3, length: None };
    assert_eq!(world.direct.locate(package, &path, part).await.unwrap(), None);
    let missing = world.direct.locate(package, &word("b"), ByteRange::ALL).await.unwrap_err();
    assert_eq!(missing.category, Category::NotFound);
    world.nodes.clear();
    assert_eq!(world.direct.locate(package, &path, ByteRange::ALL).await.unwrap(), None, "nobody is heard");
}

#[tokio::test]
async fn creating_again_under_one_key_answers_what_is_there_and_anything_else_is_refused() {
    let world = world().await;
    let key = Some(IdempotencyKey::from_bytes([9; 16]));
    let actor = word("tester");
    let create = |package: NewPackage| world.service.create_package(&actor, package, key);
    let first = create(new_package("run")).await.unwrap();
    assert_eq!(create(new_package("run")).await.unwrap(), first);
    assert_eq!(&*create(new_package("other")).await.unwrap_err().code, "AS-SVC-0037");
    let elsewhere = NewPackage { namespace: word("elsewhere"), ..new_package("run") };
    assert_ne!(create(elsewhere).await.unwrap().package_id, first.package_id);
}
