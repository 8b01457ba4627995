//! What a node is told, and what it refuses to be told.

use std::{fs, path::Path};

use super::*;

fn variables(pairs: &[(&str, &str)]) -> Sources {
    let variables = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Sources { file: None, variables }
}

fn file(text: &str) -> (tempfile::TempDir, Sources) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("node.toml");
    fs::write(&path, text).unwrap();
    (directory, Sources { file: Some(path), variables: Vec::new() })
}

#[track_caller]
fn refusal(sources: &Sources) -> String {
    let fault = NodeSettings::load(sources).unwrap_err();
    assert_eq!(fault.code, "AS-NODE-0001");
    fault.message
}

#[test]
fn nothing_said_gives_the_documented_defaults() {
    let settings = NodeSettings::load(&Sources::default()).unwrap();
    assert_eq!(settings.grpc_addr.to_string(), "127.0.0.1:7080");
    assert_eq!(settings.http_addr.to_string(), "127.0.0.1:7081");
    assert_eq!((settings.weight, settings.max_uploads.get(), settings.max_downloads.get()), (100, 64, 256));
    assert_eq!(seconds(settings.idle_timeout_seconds), Duration::from_mins(1));
    let root = Path::new("./var/storage").to_owned();
    assert_eq!(settings.backends(), [BackendSettings::Local { id: "local".to_owned(), root }]);
}

#[test]
fn every_variable_reaches_its_setting() {
    let settings = NodeSettings::load(&variables(&[
        ("ARTIFACTSTORE_NODE_ID", "node-7"),
        ("ARTIFACTSTORE_ENDPOINT", "http://node-7:7080"),
        ("ARTIFACTSTORE_ZONE", "a"),
        ("ARTIFACTSTORE_WEIGHT", "7"),
        ("ARTIFACTSTORE_CONTROL_PLANES", "http://a:7070, http://b:7070"),
        ("ARTIFACTSTORE_JOIN_TOKEN", "12345"),
        ("ARTIFACTSTORE_KEY_FILE", "/etc/node.pem"),
        ("ARTIFACTSTORE_STORAGE_LOCAL_ROOT", "/srv"),
        ("ARTIFACTSTORE_MAX_UPLOADS", "9"),
        ("ARTIFACTSTORE_MAX_DOWNLOADS", "8"),
        ("ARTIFACTSTORE_IDLE_TIMEOUT_SECONDS", "6"),
    ]))
    .unwrap();
    assert_eq!((settings.node_id.as_str(), settings.weight), ("node-7", 7));
    assert_eq!((settings.endpoint.as_deref(), settings.zone.as_deref()), (Some("http://node-7:7080"), Some("a")));
    assert_eq!(settings.control_planes.0, ["http://a:7070", "http://b:7070"]);
    assert_eq!(settings.join_token, Some(Secret("12345".to_owned())));
    assert_eq!(settings.key_file, Path::new("/etc/node.pem"));
    assert_eq!((settings.max_uploads.get(), settings.max_downloads.get()), (9, 8));
    assert_eq!(settings.backends(), [BackendSettings::Local { id: "local".to_owned(), root: "/srv".into() }]);
}

#[test]
fn a_file_lists_backends_of_any_kind() {
    let (_directory, sources) = file(
        "node_id = \"node-a\"\ncontrol_planes = [\"http://a:1\"]\n\
         [[backends]]\nid = \"ssd\"\nkind = \"local\"\nroot = \"/ssd\"\n\
         [[backends]]\nid = \"scratch\"\nkind = \"memory\"\n",
    );
    let backends = NodeSettings::load(&sources).unwrap().backends();
    let local = BackendSettings::Local { id: "ssd".to_owned(), root: "/ssd".into() };
    assert_eq!(backends, [local, BackendSettings::Memory { id: "scratch".to_owned() }]);
}

#[test]
fn refuses_what_it_does_not_know_by_name() {
    for (text, word) in [
        ("nodeid = \"a\"", "nodeid"),
        ("[[backends]]\nid = \"a\"\nkind = \"tape\"", "tape"),
        ("[[backends]]\nid = \"a\"\nkind = \"local\"", "root"),
        ("[[backends]]\nid = \"a\"\nkind = \"memory\"\nroot = \"/x\"", "root"),
        ("[[backends]]\nid = \"a\"\nkind = \"s3\"\nbucket = \"b\"", "index_path"),
        ("[[backends]]\nid = \"a\"\nkind = \"s3\"\nbucket = \"b\"\nindex_path = \"/i\"\nbuket = \"b\"", "buket"),
        ("max_uploads = 0", "max_uploads"),
        ("weight = -1", "weight"),
        ("control_planes = [\"\"]", "control_planes"),
    ] {
        let (_directory, sources) = file(text);
        let refusal = refusal(&sources);
        assert!(refusal.contains(word), "{text}: {refusal}");
    }
    for (name, value) in [
        ("ARTIFACTSTORE_MAX_UPLOADS", "many"),
        ("ARTIFACTSTORE_CONTROL_PLANES", "http://a:1,"),
        ("ARTIFACTSTORE_WEIGHT", "4294967296"),
        ("ARTIFACTSTORE_NODEID", "a"),
    ] {
        let refusal = refusal(&variables(&[(name, value)]));
        assert!(refusal.to_uppercase().contains(name.trim_start_matches("ARTIFACTSTORE_")), "{name}: {refusal}");
    }
}

#[test]
fn a_join_token_is_never_shown() {
    let settings = NodeSettings::load(&variables(&[("ARTIFACTSTORE_JOIN_TOKEN", "s3cret")])).unwrap();
    assert!(!format!("{settings:?}").contains("s3cret"), "{settings:?}");
}

#[test]
fn help_tells_of_every_setting_with_its_default() {
    let refused = refusal(&variables(&[("ARTIFACTSTORE_NO_SUCH_SETTING", "1")]));
    let (_, known) = refused.split_once("expected").expect("it says what it knows");
    let is_name = |name: &&str| !name.is_empty() && name.chars().all(|c| c.is_ascii_lowercase() || c == '_');
    let mut known: Vec<_> = known.split('`').filter(is_name).filter(|name| *name != "backends").collect();
    known.sort_unstable();
    let mut told: Vec<_> = help::SETTINGS.iter().map(|setting| setting.name).collect();
    told.sort_unstable();
    assert_eq!(told, known);
    let help = help();
    for help::Setting { name, default, .. } in help::SETTINGS {
        let told = format!("ARTIFACTSTORE_{}{}", name.to_uppercase(), if default.is_empty() { "" } else { " [" });
        assert!(help.contains(&told) && help.contains(default), "{told}");
    }
    assert!(help.contains("[[backends]]"), "{help}");
}

#[test]
fn what_the_settings_mean_is_told_and_what_cannot_be_is_refused() {
    let (_directory, sources) = file(
        "node_id = \"node-a\"\ncontrol_planes = [\"http://a:1\"]\nzone = \"rack-7\"\njoin_token = \"s3cret\"\n\
         endpoint = \"http://node-a:7080\"\n[[backends]]\nid = \"ssd\"\nkind = \"local\"\nroot = \"/ssd\"\n",
    );
    let told = NodeSettings::load(&sources).unwrap().told().unwrap();
    for word in ["node-a", "rack-7", "http://node-a:7080", "http://a:1", "/ssd", "./var/node.pem (will be made)"] {
        assert!(told.contains(word), "{word}: {told}");
    }
    assert!(!told.contains("s3cret"), "{told}");
    let twice = "node_id = \"a\"\ncontrol_planes = [\"http://a:1\"]\n\
        [[backends]]\nid = \"x\"\nkind = \"memory\"\n[[backends]]\nid = \"x\"\nkind = \"memory\"\n";
    let (_directory, sources) = file(twice);
    let fault = NodeSettings::load(&sources).unwrap().told().unwrap_err();
    assert!(fault.code == "AS-NODE-0001" && fault.message.contains("two are named x"), "{fault}");
}

#[test]
fn a_bucket_is_told_by_the_words_of_the_engine() {
    let (_directory, sources) = file(
        "node_id = \"node-a\"\ncontrol_planes = [\"http://a:1\"]\n\
         [[backends]]\nid = \"rgw\"\nkind = \"s3\"\nbucket = \"evidence\"\nendpoint = \"http://127.0.0.1:8000\"\n\
         allow_http = true\nprefix = \"a/b\"\nconnections = 7\nretry_seconds = 3\nnamed_in = \"host\"\n\
         shared = false\nindex_path = \"/var/rgw.redb\"\n",
    );
    let settings = NodeSettings::load(&sources).unwrap();
    let told = settings.told().unwrap();
    assert!(told.contains("evidence/a/b at http://127.0.0.1:8000, this node's alone"), "{told}");
    let [BackendSettings::S3(bucket)] = &settings.backends()[..] else { panic!("{settings:?}") };
    let keys = |name: &str| name.starts_with("AWS_").then(|| "k".to_owned());
    let options = bucket.options(keys).unwrap();
    assert_eq!((options.bucket.as_str(), options.prefix.as_deref()), ("evidence", Some("a/b")));
    assert_eq!((options.connections, options.retry_for, options.shared), (7, Duration::from_secs(3), false));
    assert_eq!(options.index_path.as_deref(), Some(Path::new("/var/rgw.redb")));
    let none = bucket.options(|_| None).unwrap_err();
    assert!(none.code == "AS-NODE-0001" && none.message.contains("AWS_ACCESS_KEY_ID"), "{none}");
    let by_file = BucketSettings { credentials_file: Some("/keys".into()), ..(**bucket).clone() };
    assert!(by_file.options(|_| None).is_ok());
}
