//! Packages: pushed, listed, shown, pulled, read, closed.

use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::{PermissionsExt as _, symlink},
};

use artifactstore_types::ContentAddress;
use serde_json::json;

use crate::store::{PUSH, Store, contents, text};

#[test]
fn a_tree_comes_back_as_it_was() {
    let store = Store::new();
    store.file("plain.txt", b"plain");
    store.file(".hidden/.file", b"dot");
    store.file("empty", b"");
    store.file("also/empty", b"");
    for copy in 0..20 {
        store.file(&format!("same/{copy}"), b"the same bytes under many paths");
    }
    store.executable("bin/run", b"#!/bin/sh\n");
    for name in
        ["日本語/証拠.txt", "العربية", "Ελληνικά", "emoji 🗂", "naïve (1) [2] {3} 'q' \"d\" $x", "-dash", "a b/c d"]
    {
        store.file(name, name.as_bytes());
    }
    let large: Vec<u8> = (0..700_000_u32).flat_map(u32::to_le_bytes).collect();
    store.file("large.bin", &large);

    let pushed = store.push();
    let files = contents(&store.at("tree"));
    let bytes: usize = files.iter().map(|(_, _, bytes)| bytes.len()).sum();
    assert_eq!(pushed["file_count"], json!(files.len()));
    assert_eq!(pushed["bytes"], json!(bytes));
    assert!(text(&pushed["manifest_digest"]).starts_with("blake3:"));
    let package = text(&pushed["package_id"]);
    let pulled = store.json(&["pull", &package, "copy"]);
    assert_eq!((&pulled["file_count"], &pulled["bytes"]), (&pushed["file_count"], &pushed["bytes"]));
    assert_eq!(contents(&store.at("copy")), files);
}

#[test]
fn a_second_push_of_the_same_tree_sends_nothing() {
    let store = Store::new();
    store.file("a", b"one");
    store.file("b", &vec![7; 300_000]);
    assert_eq!(store.push()["bytes_sent"], json!(300_003));
    let again = store.push();
    assert_eq!((&again["bytes_sent"], &again["bytes"]), (&json!(0), &json!(300_003)));
    store.file("a", b"two");
    assert_eq!(store.push()["bytes_sent"], json!(3));
}

#[test]
fn an_empty_directory_is_an_empty_package() {
    let store = Store::new();
    let pushed = store.push();
    assert_eq!((&pushed["file_count"], pushed["manifest_digest"].is_string()), (&json!(0), true));
    store.json(&["pull", &text(&pushed["package_id"]), "copy"]);
    assert_eq!(contents(&store.at("copy")), []);
}

#[test]
fn special_files_are_refused_before_anything_is_sent_or_left_out_on_request() {
    let store = Store::new();
    store.file("file", b"1");
    symlink("file", store.at("tree/link")).unwrap();
    symlink("/etc", store.at("tree/directory-link")).unwrap();
    let refused = store.run(&PUSH).failed(2, "AS-CLIENT-0003");
    assert!(refused.stderr.contains("directory-link is a symbolic link") && refused.stderr.contains("\n  link is"));
    assert!(refused.stderr.contains("hint: "), "{}", refused.stderr);
    assert_eq!(store.count(), 0, "nothing has happened");

    let skipped = store.json(&[&PUSH[..], &["--skip-special"]].concat());
    assert_eq!(skipped["file_count"], json!(1));
    let names: Vec<_> = skipped["skipped"].as_array().unwrap().iter().map(|entry| text(&entry["path"])).collect();
    assert_eq!(names, ["directory-link", "link"]);
    let package = text(&skipped["package_id"]);
    for quiet in [&[][..], &["-q"]] {
        let told = store.run(&[&PUSH[..], &["--skip-special"], quiet].concat()).well();
        assert!(told.stderr.contains("left out: link is a symbolic link"), "{}", told.stderr);
    }
    assert_eq!(store.run(&["verify", &package, "--dir", "tree"]).code, 11);
    let verified = store.json(&["verify", &package, "--dir", "tree", "--skip-special"]);
    assert_eq!((&verified["verified"], &verified["skipped"]), (&json!(true), &skipped["skipped"]));
}

#[test]
fn what_is_said_of_a_push_is_what_was_promised() {
    let store = Store::new();
    store.file("a", b"one");
    let keys = |object: &serde_json::Value| object.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(keys(&store.push()), ["bytes", "bytes_sent", "file_count", "manifest_digest", "package_id"]);
}

#[test]
fn what_is_said_of_a_package_is_kept_and_found() {
    let store = Store::new();
    store.file("a.json", b"{}");
    let more = ["--meta", "branch=main", "--meta", "note=a=b", "--kind", "run", "--source-ref", "git:1"];
    let package = text(&store.json(&[&PUSH[..], &more].concat())["package_id"]);
    let shown = store.json(&["show", &package, "--files"]);
    assert_eq!(shown["metadata"], json!({"branch": "main", "note": "a=b"}));
    assert_eq!(
        (&shown["kind"], &shown["actor"], &shown["status"]),
        (&json!("run"), &json!("tester"), &json!("finalized"))
    );
    assert_eq!(shown["provenance"]["source_refs"], json!(["git:1"]));
    assert_eq!(shown["files"][0]["media_type"], json!("application/json"));
    assert_eq!(shown["files"][0]["content_address"], json!(ContentAddress::of(b"{}")));
    let text = String::from_utf8(store.run(&["show", &package]).well().stdout).unwrap();
    assert!(text.contains("branch=main, note=a=b") && !text.contains('\u{1b}'), "{text}");
}

#[test]
fn listings_are_filtered_limited_and_newest_first() {
    let store = Store::new();
    store.file("a", b"1");
    let first = store.pushed();
    let mut other = PUSH;
    (other[3], other[5], other[9]) = ("weekly", "audit", "transient");
    let second = text(&store.json(&[&other[..], &["--no-finalize"]].concat())["package_id"]);
    let listed = |filter: &[&str]| {
        let run = store.run(&[&["ls", "--json"], filter].concat()).well();
        run.objects().iter().map(|package| text(&package["package_id"])).collect::<Vec<_>>()
    };
    assert_eq!(listed(&[]), [second.clone(), first.clone()]);
    assert_eq!(listed(&["--limit", "1"]), std::slice::from_ref(&second));
    for filter in [["--status", "uploading"], ["--producer", "audit"], ["--class", "transient"], ["--name", "weekly"]] {
        assert_eq!(listed(&filter), std::slice::from_ref(&second), "{filter:?}");
    }
    assert_eq!(listed(&["--subject", "service", "--status", "finalized"]), [first]);
    assert_eq!(listed(&["--namespace", "elsewhere"]), Vec::<String>::new());
}

#[test]
fn several_pushes_fill_one_package_and_closing_it_is_final() {
    let store = Store::new();
    let open = text(&store.json(&[&PUSH[..], &["--no-finalize"]].concat())["package_id"]);
    for job in ["one", "two"] {
        fs::create_dir_all(store.at(job).join(job)).unwrap();
        fs::write(store.at(job).join(job).join("file"), job).unwrap();
        let pushed = store.json(&["push", job, "--into", &open, "--no-finalize"]);
        assert_eq!(pushed["manifest_digest"], json!(null));
    }
    let again = store.json(&["push", "one", "--into", &open, "--no-finalize"]);
    assert_eq!(again["bytes_sent"], json!(0), "what is in it already is not sent again");
    let closed = store.json(&["finalize", &open]);
    assert_eq!((&closed["file_count"], &closed["status"]), (&json!(2), &json!("finalized")));
    assert_eq!(store.json(&["finalize", &open])["manifest_digest"], closed["manifest_digest"]);
    store.json(&["push", "two", "--into", &open]);
    fs::write(store.at("two/late"), "late").unwrap();
    store.run(&["push", "two", "--into", &open]).failed(5, "AS-SVC-0010");
}

#[test]
fn a_path_that_is_taken_is_refused_or_replaced() {
    let store = Store::new();
    store.file("a", b"first");
    let open = text(&store.json(&[&PUSH[..], &["--no-finalize"]].concat())["package_id"]);
    store.file("a", b"second");
    store.run(&["push", "tree", "--into", &open]).failed(4, "AS-CLIENT-0015");
    let replaced = store.json(&["push", "tree", "--into", &open, "--replace"]);
    assert_eq!((replaced["manifest_digest"].is_string(), &replaced["file_count"]), (true, &json!(1)));
    assert_eq!(store.run(&["get", &open, "a"]).well().stdout, b"second");
}

#[test]
fn a_package_that_was_given_up_says_why_and_stays_so() {
    let store = Store::new();
    let open = text(&store.json(&[&PUSH[..], &["--no-finalize"]].concat())["package_id"]);
    let failed = store.json(&["fail", &open, "--reason", "the run was cancelled"]);
    assert_eq!((&failed["status"], &failed["failure_reason"]), (&json!("failed"), &json!("the run was cancelled")));
    assert_eq!(store.run(&["finalize", &open]).code, 5);
    store.run(&["pull", &open, "copy"]).failed(5, "AS-CLIENT-0014");
    store.run(&["verify", &open]).failed(5, "AS-CLIENT-0014");
}

#[test]
fn the_manifest_is_written_byte_for_byte() {
    let store = Store::new();
    store.file("a", b"1");
    let pushed = store.push();
    let package = text(&pushed["package_id"]);
    let cbor = store.run(&["manifest", &package]).well().stdout;
    assert_eq!(store.run(&["manifest", &package, "--format", "cbor", "--json"]).well().stdout, cbor);
    assert_eq!(json!(ContentAddress::of(&cbor)), pushed["manifest_digest"]);
    let json = store.run(&["manifest", &package, "--json"]).well().stdout;
    assert_eq!(json, artifactstore_manifest::to_json(&cbor).unwrap());
    assert_eq!(store.run(&["manifest", &package, "--format", "json"]).well().stdout, json);
}

#[test]
fn one_file_is_read_whole_or_in_part() {
    let store = Store::new();
    let bytes: Vec<u8> = (0..=255).cycle().take(500_000).collect();
    store.file("deep/file", &bytes);
    store.executable("run", b"#!");
    let package = store.pushed();
    assert!(store.run(&["get", &package, "deep/file"]).well().stdout == bytes);
    let range = |range: &str| store.run(&["get", &package, "deep/file", "--range", range]);
    assert_eq!(range("0-0").well().stdout, &bytes[..1]);
    assert_eq!(range("100-199").well().stdout, &bytes[100..200]);
    assert_eq!(range("499990-").well().stdout, &bytes[499_990..]);
    assert_eq!(range("499990-999999").well().stdout, &bytes[499_990..]);
    assert_eq!(range("500000-").code, 2);
    store.run(&["get", &package, "run", "-o", "written"]).well();
    let beside: BTreeMap<_, _> = contents(&store.at("."))
        .into_iter()
        .filter(|(path, ..)| !path.starts_with("store/") && !path.starts_with("tree/"))
        .map(|(path, executable, bytes)| (path, (executable, bytes)))
        .collect();
    assert_eq!(beside, BTreeMap::from([("written".to_owned(), (true, b"#!".to_vec()))]), "and nothing is left beside");
    assert_eq!(store.run(&["get", &package, "missing"]).code, 3);
    store.run(&["get", &package, "run", "-o", "no/such/directory"]).failed(3, "AS-CLI-0003");
}

#[test]
fn a_file_that_is_written_over_keeps_its_mode_and_a_link_to_it_stays_a_link() {
    let store = Store::new();
    store.file("file", b"from the store");
    let package = store.pushed();
    let real = store.at("real");
    fs::write(&real, b"old").unwrap();
    fs::set_permissions(&real, fs::Permissions::from_mode(0o600)).unwrap();
    symlink(&real, store.at("link")).unwrap();
    store.run(&["get", &package, "file", "-o", "link"]).well();
    assert!(store.at("link").is_symlink());
    assert_eq!(fs::read(&real).unwrap(), b"from the store");
    assert_eq!(fs::metadata(&real).unwrap().permissions().mode() & 0o777, 0o600);
}
