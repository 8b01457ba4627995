//! Damage that was done on purpose is found.

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt as _,
    path::PathBuf,
};

use serde_json::{Value, json};

use crate::store::{Store, contents, text};

fn findings(report: &Value) -> Vec<(String, String)> {
    let findings = report["findings"].as_array().unwrap();
    findings.iter().map(|finding| (text(&finding["kind"]), text(&finding["path"]))).collect()
}

fn verify(store: &Store, arguments: &[&str]) -> (i32, Value) {
    let run = store.run(&[&["verify", "--json"], arguments].concat());
    (run.code, run.objects().remove(0))
}

#[test]
fn a_store_that_is_well_is_said_to_be_with_what_was_checked() {
    let store = Store::new();
    store.file("a", b"one");
    store.file("b", &vec![1; 200_000]);
    let package = store.pushed();
    let (code, report) = verify(&store, &[&package, "--dir", "tree"]);
    assert_eq!((code, &report["verified"], &report["findings"]), (0, &json!(true), &json!([])));
    assert_eq!(
        (&report["file_count"], &report["bytes"], &report["local_file_count"]),
        (&json!(2), &json!(200_003), &json!(2))
    );
}

#[test]
fn stored_bytes_that_changed_are_found_and_not_handed_out() {
    let store = Store::new();
    let large = vec![5; 200_000];
    store.file("large", &large);
    store.file("small", b"small");
    let package = store.pushed();
    flip_a_byte_of(&store, &large);
    let (code, report) = verify(&store, &[&package]);
    assert_eq!((code, &report["verified"]), (11, &json!(false)));
    assert_eq!(findings(&report), [("stored-digest".to_owned(), "large".to_owned())]);
    let run = store.run(&["verify", &package]);
    assert_eq!(run.code, 11);
    assert!(run.lines().iter().any(|line| line.starts_with("stored-digest: large: ")), "{run:?}");

    let pulling = store.run(&["pull", &package, "copy"]);
    assert_eq!(pulling.code, 11, "{}", pulling.stderr);
    assert!(!store.at("copy/large").exists(), "wrong bytes get no name");
    assert_eq!(store.run(&["get", &package, "large", "-o", "got"]).code, 11);
    assert!(!store.at("got").exists());
}

/// Damages the one stored object that holds these bytes.
fn flip_a_byte_of(store: &Store, bytes: &[u8]) {
    let mut objects = contents(&store.at("store/storage")).into_iter();
    let (path, _, mut stored) = objects.find(|(_, _, stored)| stored.windows(64).any(|it| it == &bytes[..64])).unwrap();
    let at = stored.windows(64).position(|it| it == &bytes[..64]).unwrap();
    stored[at] ^= 1;
    let path: PathBuf = store.at("store/storage").join(path);
    fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
    fs::write(path, stored).unwrap();
}

#[test]
fn a_directory_that_differs_is_found_file_by_file() {
    let store = Store::new();
    for name in ["altered", "gone", "shorter", "same"] {
        store.file(name, b"the bytes that were pushed");
    }
    store.executable("run", b"#!");
    let package = store.pushed();
    store.file("altered", b"the bytes that were PUSHED");
    store.file("shorter", b"the bytes");
    store.file("extra", b"");
    fs::remove_file(store.at("tree/gone")).unwrap();
    fs::set_permissions(store.at("tree/run"), Permissions::from_mode(0o644)).unwrap();
    let (code, report) = verify(&store, &[&package, "--dir", "tree"]);
    assert_eq!(code, 11);
    let mut found = findings(&report);
    found.sort();
    let expected = [
        ("local-altered", "altered"),
        ("local-altered", "shorter"),
        ("local-executable", "run"),
        ("local-extra", "extra"),
        ("local-missing", "gone"),
    ];
    assert_eq!(found, expected.map(|(kind, path)| (kind.to_owned(), path.to_owned())));
}

#[test]
fn a_digest_kept_elsewhere_is_held_against_the_store() {
    let store = Store::new();
    store.file("a", b"1");
    let pushed = store.push();
    let (package, digest) = (text(&pushed["package_id"]), text(&pushed["manifest_digest"]));
    store.json(&["verify", &package, "--manifest-digest", &digest]);
    store.json(&["pull", &package, "copy", "--manifest-digest", &digest]);
    let other = format!("blake3:{}", "0".repeat(64));
    assert_eq!(store.run(&["verify", &package, "--manifest-digest", &other]).code, 11);
    store.run(&["pull", &package, "other", "--manifest-digest", &other]).failed(11, "AS-CLIENT-0011");
}
