//! Whatever is asked, in whatever batches: the log is gapless, the state carried from event to event is the one the views
//! show, views do not depend on how the log is cut into batches, and no package becomes one that could not be written
//! back to a directory.
#![expect(clippy::unwrap_used, reason = "a test that meets what it does not expect fails")]

mod tables;

use artifactstore_registry::{
    Batch, Command, CommitFiles, Event, Facts, FileFact, FinalizePackage, NewFile, Package, PackageCommand, Prepared,
    Request, Stamp, build_manifest, leaf_hash, payload_digest, view::ViewBatch,
};
use artifactstore_testkit::{START, SequentialIds, file_id, new_package, package_id, receipt_for, word};
use artifactstore_types::{EventRecord, Ids, NewPackage, PackageId, PackageStatus, RelativePath, Timestamp};
use bytes::Bytes;
use proptest::{collection::vec, prelude::*};
use tables::{Tables, classes};

const PATHS: [&str; 9] = ["a", "a/b", "a/b/c", "a-b", "a0", "b", "b/c", "c/d/e", "c/d"];

/// Something to ask, before it is known what the store holds.
#[derive(Clone, Debug)]
enum Ask {
    Create { class: &'static str },
    Commit { files: Vec<(usize, u8)>, replace: bool, all_or_nothing: bool },
    Finalize { stale: bool },
    Fail,
}

fn ask() -> impl Strategy<Value = Ask> {
    let class = prop_oneof![Just("raw-evidence"), Just("permanent-record"), Just("unknown")];
    let files = vec((0..PATHS.len(), 0..4_u8), 0..5);
    prop_oneof![
        3 => class.prop_map(|class| Ask::Create { class }),
        8 => (files, any::<bool>(), any::<bool>())
            .prop_map(|(files, replace, all_or_nothing)| Ask::Commit { files, replace, all_or_nothing }),
        2 => prop::bool::weighted(0.3).prop_map(|stale| Ask::Finalize { stale }),
        1 => Just(Ask::Fail),
    ]
}

/// Batches of things to ask, each of one of three packages.
fn history() -> impl Strategy<Value = Vec<Vec<(u64, Ask)>>> {
    vec(vec((1..4_u64, ask()), 1..6), 1..12)
}

fn file(number: u64, path: &str, content: u8) -> NewFile {
    NewFile {
        file_id: file_id(number),
        relative_path: word(path),
        media_type: word("text/plain"),
        executable: content % 2 == 1,
        receipt: receipt_for(&vec![content; usize::from(content)]),
    }
}

/// A store that keeps nothing but its log and its tables.
#[derive(Default)]
struct Store {
    log: Vec<EventRecord>,
    tables: Tables,
    asked: u64,
}

impl Store {
    fn command(&mut self, package: PackageId, ask: &Ask) -> Command {
        self.asked += 1;
        let at = START.plus_seconds(self.asked);
        let request = match ask {
            Ask::Create { class } => Request::CreatePackage(NewPackage { class: word(class), ..new_package("run") }),
            Ask::Commit { files, replace, all_or_nothing } => {
                let number = self.asked * 100;
                let new = |(n, (path, content)): (usize, &(usize, u8))| file(number + n as u64, PATHS[*path], *content);
                let files = files.iter().enumerate().map(new).collect();
                Request::CommitFiles(CommitFiles { files, replace: *replace, all_or_nothing: *all_or_nothing })
            }
            Ask::Finalize { stale } => {
                let revision = self.tables.packages.get(&package).map_or(0, |record| record.revision);
                let expected_revision = if *stale { revision + 1 } else { revision };
                Request::FinalizePackage(FinalizePackage { manifest: self.manifest(package, at), expected_revision })
            }
            Ask::Fail => Request::FailPackage { reason: "aborted".to_owned() },
        };
        PackageCommand { package_id: package, actor: word("somebody"), at, request }.into()
    }

    fn manifest(&self, package: PackageId, at: Timestamp) -> Bytes {
        let Some(record) = self.tables.packages.get(&package) else { return Bytes::new() };
        let files: Vec<_> = self.tables.files_of(package).cloned().collect();
        let locations: Vec<_> = self.tables.locations.values().cloned().collect();
        build_manifest(record, &files, &locations, &classes(), &word("somebody"), at).unwrap()
    }

    fn commit(&mut self, commands: Vec<Command>, ids: &dyn Ids) -> Batch {
        let prepared: Vec<_> = commands.into_iter().map(Prepared::from).collect();
        let mut facts = Facts::default();
        facts.add_classes(classes());
        for file in self.tables.files.values() {
            facts.add_file(file.package_id, &file.relative_path, FileFact::from(file));
        }
        let batch = Batch::decide(self.log.len() as u64, self.tables.states(), facts, &prepared, ids);
        self.log.extend(batch.events.iter().cloned());
        self.tables.apply(batch.views.clone());
        batch
    }
}

fn fold_state(log: &[EventRecord], package: PackageId) -> Option<Package> {
    let subject = package.to_string();
    log.iter().filter(|event| event.subject_id == subject).fold(None, |state, record| {
        let event = Event::of(record).unwrap();
        Package::apply(state, package, Stamp::from(record), event.as_ref())
    })
}

fn fold_views(log: &[EventRecord], cuts: &[usize]) -> Tables {
    let mut tables = Tables::default();
    let mut rest = log;
    for cut in cuts.iter().cycle() {
        if rest.is_empty() {
            break;
        }
        let (events, after) = rest.split_at((*cut).min(rest.len()));
        let mut batch = ViewBatch::default();
        for event in events {
            batch.fold(event).unwrap();
        }
        tables.apply(batch);
        rest = after;
    }
    tables
}

proptest! {
    #[test]
    fn log_state_and_views_agree_whatever_is_asked(history in history(), cuts in vec(1..9_usize, 1..5)) {
        let ids = SequentialIds::starting_at(1 << 40);
        let mut store = Store::default();
        for asks in history {
            let commands = asks.iter().map(|(package, ask)| store.command(package_id(*package), ask)).collect();
            let batch = store.commit(commands, &ids);
            prop_assert_eq!(batch.answers.len(), asks.len());
            let mut next = 0;
            for accepted in batch.answers.iter().flatten() {
                prop_assert_eq!(accepted.events.start, next);
                next = accepted.events.end;
            }
            prop_assert_eq!(next, batch.events.len());
        }

        for (place, event) in store.log.iter().enumerate() {
            prop_assert_eq!(event.sequence, place as u64 + 1);
            prop_assert_eq!(event.payload_digest, payload_digest(&event.payload));
            prop_assert_eq!(event.leaf_hash, leaf_hash(event).unwrap());
        }
        prop_assert_eq!(&fold_views(&store.log, &cuts), &store.tables);

        let states = store.tables.states();
        for package in (1..4).map(package_id) {
            let folded = fold_state(&store.log, package);
            prop_assert_eq!(folded.as_ref(), states.get(&package));
            let subject = package.to_string();
            let history: Vec<_> = store.log.iter().filter(|event| event.subject_id == subject).collect();
            for (place, event) in history.iter().enumerate() {
                prop_assert_eq!(event.subject_revision, place as u64 + 1);
            }
            let closed = history.iter().position(|event| {
                matches!(event.event_type.as_str(), "v1.package.finalized" | "v1.package.failed")
            });
            if let Some(closed) = closed {
                let after: Vec<_> = history[closed + 1..].iter().map(|event| event.event_type.as_str()).collect();
                let allowed = after.is_empty() || after == ["v1.retention.default_applied"];
                prop_assert!(allowed, "{:?}", after);
            }
        }
    }

    #[test]
    fn a_package_can_always_be_written_back_to_a_directory(history in history()) {
        let ids = SequentialIds::starting_at(1 << 40);
        let mut store = Store::default();
        for asks in history {
            let commands = asks.iter().map(|(package, ask)| store.command(package_id(*package), ask)).collect();
            store.commit(commands, &ids);
        }
        for (package, record) in &store.tables.packages {
            let files: Vec<_> = store.tables.files_of(*package).collect();
            prop_assert_eq!(record.file_count, files.len() as u64);
            prop_assert_eq!(record.size_bytes, files.iter().map(|file| file.size_bytes).sum::<u64>());
            prop_assert_eq!(record.status == PackageStatus::Finalized, record.manifest_digest.is_some());
            let below = |file: &RelativePath, other: &RelativePath| {
                other.as_str().strip_prefix(file.as_str()).is_some_and(|rest| rest.starts_with('/'))
            };
            for file in &files {
                let clash = files.iter().find(|other| below(&file.relative_path, &other.relative_path));
                prop_assert!(clash.is_none(), "{} and {clash:?}", file.relative_path);
            }
        }
    }
}
