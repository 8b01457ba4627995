//! A database that somebody else has written to, or whose disk has. A check names what it finds by sequence or key, and a
//! replay refuses a log that is damaged.

use artifactstore_store::{Difference, Finding};
use artifactstore_types::{Category, Outcome, PackageId};

use crate::world::{World, new_package};

/// Events 1 and 2 make the package, 3 to 6 add its files, 7 and 8 finalize it; 9 and 10 make another.
async fn lived_in(world: &World) -> PackageId {
    let package = world.package_with(&["a", "b", "c/d", "e"]).await;
    world.finalize(package).await;
    world.package(new_package("another")).await;
    assert_eq!(world.findings().await, []);
    package
}

fn altered(view: &'static str, found: &[Finding]) -> usize {
    rows(view, Difference::Altered, found)
}

fn rows(view: &'static str, difference: Difference, found: &[Finding]) -> usize {
    let is_it = |finding: &&Finding| matches!(finding, Finding::Row { view: of, difference: how, .. } if *of == view && *how == difference);
    found.iter().filter(is_it).count()
}

/// Damages the log, expects this finding first, and a replay that refuses because of it and changes nothing.
async fn expect_damage(world: &World, damage: &str, expected: Finding) {
    let package = lived_in(world).await;
    world.tamper(damage).await;
    let found = world.findings().await;
    assert_eq!(found.first(), Some(&expected), "{found:?}");
    let before = (world.record(package).await, world.files(package).await, world.locations(package).await);
    let fault = world.store.replay(&|_, _| ()).await.unwrap_err();
    assert_eq!(
        (&*fault.code, fault.category, fault.outcome),
        ("AS-STORE-0006", Category::DataLoss, Outcome::NotApplied)
    );
    assert_eq!(fault.subject, expected.sequence().map(|sequence| sequence.to_string()), "{fault}");
    let after = (world.record(package).await, world.files(package).await, world.locations(package).await);
    assert_eq!(after, before);
}

pub async fn names_the_event_whose_payload_was_altered(world: World) {
    let damage = "UPDATE events SET payload = (SELECT payload FROM events WHERE sequence = 5) WHERE sequence = 4";
    expect_damage(&world, damage, Finding::PayloadAltered { sequence: 4 }).await;
}

pub async fn names_the_event_of_which_a_column_was_altered(world: World) {
    let columns = [
        "actor = 'somebody else'",
        "recorded_at = recorded_at + 1",
        "namespace = 'theirs'",
        "event_id = (SELECT payload_digest FROM events WHERE sequence = 1)",
        "leaf_hash = payload_digest",
    ];
    let package = lived_in(&world).await;
    for (sequence, change) in (3..).zip(columns) {
        world.tamper(&format!("UPDATE events SET {change} WHERE sequence = {sequence}")).await;
        let found = world.findings().await;
        assert!(found.iter().any(|finding| finding.sequence() == Some(sequence)), "{change}: {found:?}");
    }
    world.store.replay(&|_, _| ()).await.unwrap_err();
    assert_eq!(world.record(package).await.file_count, 4);
}

pub async fn names_the_event_whose_digest_was_altered(world: World) {
    let damage = "UPDATE events SET payload_digest = leaf_hash WHERE sequence = 6";
    expect_damage(&world, damage, Finding::PayloadAltered { sequence: 6 }).await;
}

pub async fn names_the_event_that_cannot_be_read(world: World) {
    lived_in(&world).await;
    world.tamper("UPDATE events SET event_type = 'v1.package.failed' WHERE sequence = 3").await;
    let found = world.findings().await;
    assert_eq!(found.first(), Some(&Finding::ColumnsAltered { sequence: 3 }));
    assert!(matches!(&found[1], Finding::EventUnreadable { sequence: 3, .. }), "{found:?}");
    world.tamper("UPDATE events SET namespace = 'no namespace at all' WHERE sequence = 9").await;
    let found = world.findings().await;
    assert!(found.iter().any(|it| matches!(it, Finding::EventUnreadable { sequence: 9, .. })), "{found:?}");
}

pub async fn names_the_events_that_are_missing(world: World) {
    expect_damage(&world, "DELETE FROM events WHERE sequence IN (4, 5)", Finding::EventsMissing { first: 4, last: 5 })
        .await;
}

pub async fn names_the_first_event_where_it_is_missing(world: World) {
    expect_damage(&world, "DELETE FROM events WHERE sequence = 1", Finding::EventsMissing { first: 1, last: 1 }).await;
}

pub async fn names_the_last_event_where_it_is_missing(world: World) {
    let missing = Finding::EventsMissing { first: 10, last: 10 };
    expect_damage(&world, "DELETE FROM events WHERE sequence = 10", missing).await;
}

pub async fn finds_a_head_that_was_set_back(world: World) {
    let damage = "UPDATE event_log_head SET sequence = 8";
    expect_damage(&world, damage, Finding::EventsBeyondHead { head: 8, last: 10 }).await;
}

pub async fn names_the_event_whose_revision_is_out_of_turn(world: World) {
    lived_in(&world).await;
    world.tamper("UPDATE events SET subject_revision = 77 WHERE sequence = 5").await;
    let found = world.findings().await;
    assert!(found.contains(&Finding::EventOutOfTurn { sequence: 5 }), "{found:?}");
}

pub async fn finds_rows_of_views_that_were_altered(world: World) {
    lived_in(&world).await;
    world.tamper("UPDATE artifact_files SET size_bytes = size_bytes + 1 WHERE relative_path = 'b'").await;
    world.tamper("UPDATE artifact_packages SET actor = 'somebody else' WHERE name = 'another'").await;
    world.tamper("UPDATE storage_locations SET byte_offset = 7").await;
    world.tamper("UPDATE retention_state SET current_expires_at = NULL").await;
    let found = world.findings().await;
    assert_eq!((altered("artifact_files", &found), altered("artifact_packages", &found)), (1, 1), "{found:?}");
    assert_eq!((altered("storage_locations", &found), altered("retention_state", &found)), (4, 2), "{found:?}");
    world.store.replay(&|_, _| ()).await.unwrap();
    assert_eq!(world.findings().await, []);
}

pub async fn finds_rows_of_views_that_are_missing_or_should_not_be_there(world: World) {
    let package = lived_in(&world).await;
    let before = (world.record(package).await, world.files(package).await);
    world.tamper("DELETE FROM artifact_files WHERE relative_path = 'c/d'").await;
    world.tamper("DELETE FROM artifact_packages").await;
    let extra = "INSERT INTO retention_state SELECT payload_digest, 'transient', NULL, NULL, eligible_for_deletion
        FROM events, retention_state WHERE sequence = 1 LIMIT 1";
    world.tamper(extra).await;
    let found = world.findings().await;
    assert_eq!(rows("artifact_files", Difference::Missing, &found), 1, "{found:?}");
    assert_eq!(rows("artifact_packages", Difference::Missing, &found), 2, "{found:?}");
    assert_eq!(rows("retention_state", Difference::Extra, &found), 1, "{found:?}");
    world.store.replay(&|_, _| ()).await.unwrap();
    assert_eq!(world.findings().await, []);
    assert_eq!((world.record(package).await, world.files(package).await), before);
}

pub async fn finds_classes_that_were_altered_or_deleted(world: World) {
    lived_in(&world).await;
    world.tamper("UPDATE retention_classes SET duration_seconds = 1 WHERE name = 'release-evidence'").await;
    world.tamper("DELETE FROM retention_classes WHERE name = 'permanent-record'").await;
    world.tamper("INSERT INTO retention_classes VALUES ('of-our-own', 'a class that was added', 86400)").await;
    let expected = [
        Finding::Class { name: "release-evidence", difference: Difference::Altered },
        Finding::Class { name: "permanent-record", difference: Difference::Missing },
    ];
    assert_eq!(world.findings().await, expected);
}
