//! Bad input ends with its exit code and its fault, and changes nothing.

use std::{fs, os::unix::ffi::OsStrExt as _};

use serde_json::{Value, json};

use crate::store::{PUSH, Run, Store, elsewhere, text};

const ABSENT: &str = "01890a5d-ac96-774b-bcce-b302099a8057";

#[test]
fn each_bad_input_has_its_exit_code_and_fault() {
    let store = Store::new();
    store.file("a", b"1");
    let package = store.pushed();
    fs::create_dir(store.at("full")).unwrap();
    fs::write(store.at("full/x"), "").unwrap();
    let with = |position: usize, word: &'static str| {
        let mut push = PUSH;
        push[position] = word;
        push.to_vec()
    };
    let cases: [(Vec<&str>, i32, &str); 17] = [
        (with(1, "missing"), 3, "AS-CLIENT-0001"),
        (with(1, "full/x"), 2, "AS-CLIENT-0002"),
        (with(3, ""), 2, "AS-CLI-0001"),
        (with(9, "Not A Class"), 2, "AS-CLI-0001"),
        ([&PUSH[..], &["--meta", "a=1", "--meta", "a=2"]].concat(), 2, "AS-CLI-0001"),
        (vec!["push", "tree"], 2, "AS-CLI-0001"),
        (vec!["push", "tree", "--into", ABSENT], 3, "AS-SVC-0001"),
        (vec!["pull", ABSENT, "copy"], 3, "AS-SVC-0001"),
        (vec!["pull", &package, "full"], 4, "AS-CLIENT-0008"),
        (vec!["pull", &package, "full/x"], 5, "AS-CLIENT-0010"),
        (vec!["show", ABSENT], 3, "AS-SVC-0001"),
        (vec!["show", "nonsense"], 2, "AS-CLI-0001"),
        (vec!["manifest", ABSENT], 3, "AS-SVC-0001"),
        (vec!["get", &package, "../../etc/passwd"], 2, "AS-CLI-0001"),
        (vec!["verify", ABSENT], 3, "AS-SVC-0001"),
        (vec!["verify", &package, "--dir", "missing"], 3, "AS-CLIENT-0001"),
        (vec!["nonsense"], 2, "AS-CLI-0001"),
    ];
    for (arguments, code, fault) in cases {
        let run = store.run(&arguments);
        assert_eq!(
            (run.code, run.stderr.contains(&format!("error[{fault}]: "))),
            (code, true),
            "{arguments:?} {run:?}"
        );
    }
    assert_eq!(store.count(), 1, "no bad input has made a package");
}

#[test]
fn a_retention_class_nobody_knows_is_refused_before_anything_is_made() {
    let store = Store::new();
    let mut push = PUSH;
    push[9] = "forever-and-a-day";
    let run = store.run(&push);
    let run = run.failed(2, "AS-REG-0010");
    assert!(run.stderr.contains("permanent-record"), "{}", run.stderr);
    assert_eq!(store.count(), 0);
}

#[test]
fn names_a_package_cannot_hold_are_all_named() {
    let store = Store::new();
    store.file("good", b"");
    store.file("back\\slash", b"");
    store.file("line\nbreak", b"");
    store.file("e\u{301}", b"1");
    store.file("\u{e9}", b"2");
    fs::write(store.at("tree").join(std::ffi::OsStr::from_bytes(b"latin\xe9")), "").unwrap();
    let run = store.run(&PUSH).failed(2, "AS-CLIENT-0003");
    for named in ["5 entries", "back\\slash", "line\\nbreak", "latin\\xE9", "the same name"] {
        assert!(run.stderr.contains(named), "{named} is not in {}", run.stderr);
    }
}

#[test]
fn faults_are_objects_where_json_is_asked_for() {
    let store = Store::new();
    store.pushed();
    for (arguments, code, category) in [
        (vec!["show", ABSENT, "--json"], "AS-SVC-0001", "not_found"),
        (vec!["--json", "show", "nonsense"], "AS-CLI-0001", "invalid"),
        (vec!["--json", "pull", ABSENT, "copy"], "AS-SVC-0001", "not_found"),
    ] {
        let run = store.run(&arguments);
        let object: Value = serde_json::from_str(&run.stderr).unwrap();
        let mut keys: Vec<_> = object.as_object().unwrap().keys().map(String::as_str).collect();
        keys.sort_unstable();
        assert_eq!(keys, ["category", "code", "hint", "message", "outcome", "retry", "subject"]);
        assert_eq!((text(&object["code"]), text(&object["category"])), (code.into(), category.into()));
        assert_eq!((&object["retry"], &object["outcome"]), (&json!("never"), &json!("not_applied")));
        assert_eq!(run.stdout, b"");
    }
}

#[test]
fn a_directory_without_a_store_is_not_taken_for_an_empty_one() {
    let store = Store::new();
    for arguments in [vec!["ls"], vec!["health"], vec!["tail"], vec!["replay"], vec!["pull", ABSENT, "copy"]] {
        store.run(&arguments).failed(3, "AS-CLI-0008");
    }
    assert!(!store.at("store").exists());
    fs::create_dir(store.at("store")).unwrap();
    store.run(&["ls"]).failed(3, "AS-CLI-0008");
    assert!(fs::read_dir(store.at("store")).unwrap().next().is_none(), "and none is made in it");
}

#[test]
fn a_store_that_keeps_its_bytes_itself_has_no_nodes() {
    let store = Store::new();
    store.run(&["migrate"]).well();
    let listed = store.run(&["nodes", "ls", "--all"]).well();
    assert_eq!(String::from_utf8(listed.stdout).unwrap().lines().count(), 1, "a header and nothing below");
    for verb in ["show", "drain", "resume", "remove"] {
        store.run(&["nodes", verb, "a"]).failed(3, if verb == "show" { "AS-SVC-0038" } else { "AS-REG-0031" });
    }
    assert_eq!(store.run(&["nodes", "show", "../a"]).code, 2);
}

#[test]
fn a_server_that_is_not_there_is_unavailable() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    for command in ["health", "ls"] {
        let run = Run::of(elsewhere(&[command, "--server", &format!("http://{free}")]).output().unwrap());
        let run = run.failed(9, "AS-WIRE-0010");
        for told in ["refused", "nothing was changed", "`artifactstore dev`", "--embedded DIR"] {
            assert!(run.stderr.contains(told), "{told} is not in {}", run.stderr);
        }
    }
    assert_eq!(Run::of(elsewhere(&["ls", "--server", "nonsense"]).output().unwrap()).code, 2);
}

#[test]
fn emptying_a_database_has_to_be_confirmed() {
    let store = Store::new();
    store.pushed();
    store.run(&["migrate", "--fresh"]).failed(5, "AS-CLI-0005");
    assert_eq!(store.count(), 1);
    store.run(&["migrate", "--fresh", "--yes"]).well();
    assert_eq!(store.count(), 0);
    Run::of(elsewhere(&["migrate", "--server", "http://127.0.0.1:1"]).output().unwrap()).failed(2, "AS-CLI-0009");
}

#[test]
fn a_file_says_which_store_and_namespace_where_nothing_else_does() {
    let store = Store::new();
    store.file("a", b"1");
    store.pushed();
    let config = store.at("artifactstore.toml");
    let listed = |variables: &[(&str, &str)]| {
        let mut command = elsewhere(&["ls", "--json"]);
        command.env("ARTIFACTSTORE_CONFIG", &config).current_dir(store.at("."));
        Run::of(command.envs(variables.iter().copied()).output().unwrap())
    };
    fs::write(&config, "embedded = \"store\"\nmax_ingests = 8\n").unwrap();
    assert_eq!(listed(&[]).well().lines().len(), 1);
    fs::write(&config, "embedded = \"store\"\nnamespace = \"elsewhere\"\n").unwrap();
    assert_eq!(listed(&[]).well().lines().len(), 0);
    assert_eq!(listed(&[("ARTIFACTSTORE_NAMESPACE", "default")]).well().lines().len(), 1);
    assert_eq!(listed(&[("ARTIFACTSTORE_SERVER", "http://127.0.0.1:1")]).code, 9);
    fs::write(&config, "embeded = \"store\"\n").unwrap();
    let run = listed(&[]);
    assert!(run.code == 2 && run.stderr.contains("AS-CLI-0006") && run.stderr.contains("embeded"), "{}", run.stderr);
    let version = elsewhere(&["version"]).env("ARTIFACTSTORE_CONFIG", &config).output().unwrap();
    Run::of(version).well();
}

#[test]
fn settings_that_are_not_understood_are_refused_by_name() {
    let store = Store::new();
    let output = store.command(&["migrate"]).env("ARTIFACTSTORE_GRPC_ADR", "x").output().unwrap();
    let run = Run::of(output).failed(2, "AS-CLI-0006");
    assert!(run.stderr.contains("grpc_adr"), "{}", run.stderr);
}

#[test]
fn a_store_that_is_open_elsewhere_says_so() {
    let store = Store::new();
    store.pushed();
    let mut following = store.command(&["tail", "--follow"]);
    let mut following = following.stdout(std::process::Stdio::piped()).spawn().unwrap();
    let mut first = [0];
    std::io::Read::read_exact(following.stdout.as_mut().unwrap(), &mut first).unwrap();
    store.run(&["ls"]).failed(5, "AS-STORE-0010");
    following.kill().unwrap();
    following.wait().unwrap();
    assert_eq!(store.count(), 1, "a process that was killed leaves no lock behind");
}
