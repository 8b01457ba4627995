//! Sources win in their order, and what is not understood is refused by name.

use std::{fs, path::Path};

use super::*;

fn variables(pairs: &[(&str, &str)]) -> Sources {
    let variables = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Sources { file: None, variables }
}

fn file(text: &str) -> (tempfile::TempDir, Sources) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("artifactstore.toml");
    fs::write(&path, text).unwrap();
    (directory, Sources { file: Some(path), variables: Vec::new() })
}

#[track_caller]
fn refusal(sources: &Sources) -> String {
    Settings::load(sources).unwrap_err().to_string()
}

#[test]
fn nothing_said_gives_the_documented_defaults() {
    let settings = Settings::load(&Sources::default()).unwrap();
    assert_eq!(settings.database_url.expose(), "sqlite://./var/artifactstore.db");
    assert_eq!(settings.storage_local_root, Path::new("./var/storage"));
    assert_eq!(settings.log_level.to_string(), "info");
    assert_eq!(settings.log_format, LogFormat::Text);
    assert_eq!(settings.grpc_addr.to_string(), "127.0.0.1:7070");
    assert_eq!(settings.http_addr.to_string(), "127.0.0.1:7071");
    assert_eq!(settings.request_timeout(), Duration::from_secs(30));
    assert_eq!(settings.max_ingests(), 64);
}

#[test]
fn the_environment_wins_over_the_file() {
    let (_directory, mut sources) =
        file("grpc_addr = \"0.0.0.0:1\"\nhttp_addr = \"0.0.0.0:2\"\ndrain_timeout_seconds = 7");
    sources.variables = vec![("ARTIFACTSTORE_GRPC_ADDR".to_owned(), "[::1]:3".to_owned())];
    let settings = Settings::load(&sources).unwrap();
    assert_eq!(settings.grpc_addr.to_string(), "[::1]:3");
    assert_eq!(settings.http_addr.to_string(), "0.0.0.0:2");
    assert_eq!(settings.drain_timeout(), Duration::from_secs(7));
}

#[test]
fn every_variable_reaches_its_setting() {
    let settings = Settings::load(&variables(&[
        ("ARTIFACTSTORE_DATABASE_URL", "postgres://store@db/artifacts"),
        ("ARTIFACTSTORE_STORAGE_LOCAL_ROOT", "123"),
        ("ARTIFACTSTORE_LOG_LEVEL", "debug"),
        ("ARTIFACTSTORE_LOG_FORMAT", "json"),
        ("ARTIFACTSTORE_REQUEST_TIMEOUT_SECONDS", "5"),
        ("ARTIFACTSTORE_HEALTH_TIMEOUT_SECONDS", "2"),
        ("ARTIFACTSTORE_DRAIN_TIMEOUT_SECONDS", "3"),
        ("ARTIFACTSTORE_MAX_INGESTS", "9"),
        ("PATH", "/bin"),
    ]))
    .unwrap();
    assert_eq!(settings.database_url.expose(), "postgres://store@db/artifacts");
    assert_eq!(settings.storage_local_root, Path::new("123"));
    assert_eq!((settings.log_level.to_string().as_str(), settings.log_format), ("debug", LogFormat::Json));
    assert_eq!(settings.request_timeout(), Duration::from_secs(5));
    assert_eq!(settings.health_timeout(), Duration::from_secs(2));
    assert_eq!(settings.drain_timeout(), Duration::from_secs(3));
    assert_eq!(settings.max_ingests(), 9);
}

#[test]
fn an_unknown_key_is_refused_by_name() {
    let (_directory, sources) = file("grpc_adr = \"0.0.0.0:1\"");
    assert!(refusal(&sources).contains("grpc_adr"), "{}", refusal(&sources));
    let text = refusal(&variables(&[("ARTIFACTSTORE_GRPC_ADR", "0.0.0.0:1")]));
    assert!(text.contains("grpc_adr"), "{text}");
}

#[test]
fn a_bad_value_is_refused_with_the_place_it_came_from() {
    for (name, value) in [
        ("ARTIFACTSTORE_GRPC_ADDR", "localhost"),
        ("ARTIFACTSTORE_LOG_LEVEL", "loud"),
        ("ARTIFACTSTORE_LOG_FORMAT", "xml"),
        ("ARTIFACTSTORE_REQUEST_TIMEOUT_SECONDS", "0"),
        ("ARTIFACTSTORE_REQUEST_TIMEOUT_SECONDS", "-1"),
        ("ARTIFACTSTORE_DRAIN_TIMEOUT_SECONDS", "soon"),
        ("ARTIFACTSTORE_MAX_INGESTS", "0"),
        ("ARTIFACTSTORE_MAX_INGESTS", "many"),
    ] {
        let text = refusal(&variables(&[(name, value)]));
        assert!(text.contains(name), "{text}");
    }
}

#[test]
fn a_file_that_is_not_there_or_not_toml_is_refused() {
    let missing = Sources { file: Some(PathBuf::from("/nonexistent/artifactstore.toml")), variables: Vec::new() };
    assert!(refusal(&missing).contains("/nonexistent/artifactstore.toml"), "{}", refusal(&missing));
    let (_directory, sources) = file("grpc_addr = ");
    refusal(&sources);
}

#[test]
fn an_empty_variable_says_nothing() {
    let settings = Settings::load(&variables(&[("ARTIFACTSTORE_LOG_LEVEL", "")])).unwrap();
    assert_eq!(settings, Settings::default());
}

#[test]
fn variables_that_kubernetes_sets_for_a_service_of_our_name_are_passed_over() {
    let settings = Settings::load(&variables(&[
        ("ARTIFACTSTORE_SERVICE_HOST", "10.0.0.1"),
        ("ARTIFACTSTORE_SERVICE_PORT", "7070"),
        ("ARTIFACTSTORE_SERVICE_PORT_GRPC", "7070"),
        ("ARTIFACTSTORE_PORT", "tcp://10.0.0.1:7070"),
        ("ARTIFACTSTORE_CONTROL_PLANE_PORT_7070_TCP_ADDR", "10.0.0.1"),
    ]))
    .unwrap();
    assert_eq!(settings, Settings::default());
}

#[test]
fn a_password_is_never_shown() {
    for (url, shown) in [
        ("postgres://store:s3cr@t@db:5432/artifacts", "postgres://store:…@db:5432/artifacts"),
        ("postgres://store@db/artifacts?password=s3cret", "postgres://store@db/artifacts?…"),
        ("sqlite://./var/artifactstore.db", "sqlite://./var/artifactstore.db"),
    ] {
        let settings = Settings::load(&variables(&[("ARTIFACTSTORE_DATABASE_URL", url)])).unwrap();
        assert_eq!(settings.database_url.to_string(), shown);
        assert!(!format!("{settings:?}").contains("s3cr"), "{settings:?}");
    }
}
