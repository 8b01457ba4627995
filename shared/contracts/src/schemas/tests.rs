//! Checked-in schemas are those of the types, and drift is noticed.

use serde_json::json;

use super::*;

fn src() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

fn drift(result: Result<(), CheckError>) -> Vec<(String, DriftKind)> {
    match result {
        Err(CheckError::Drift(drift)) => drift
            .into_iter()
            .map(|drift| (drift.file.file_name().unwrap().to_str().unwrap().to_owned(), drift.kind))
            .collect(),
        other => panic!("drift wanted, {other:?} found"),
    }
}

#[test]
fn the_checked_in_schemas_are_those_of_the_types() {
    check_in_tree(&src()).unwrap();
    check_compiled_in().unwrap();
}

#[test]
fn every_model_has_a_checked_in_schema_with_its_identifier() {
    assert_eq!(checked_in().count(), catalogue::models().count());
    for model in catalogue::models() {
        let schema: Value = serde_json::from_str(find_checked_in(model).unwrap()).unwrap();
        assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
        assert_eq!(schema["$id"], format!("spec-kitty-events/{}", model.schema));
        assert_eq!(schema["title"], model.name);
        assert!(jsonschema::draft202012::meta::is_valid(&schema));
    }
}

#[test]
fn what_was_written_passes_the_check() {
    let directory = tempfile::tempdir().unwrap();
    let below = directory.path().join("new/schemas");
    assert_eq!(write(&below).unwrap().len(), catalogue::models().count());
    check(&below).unwrap();
}

#[test]
fn what_was_written_in_a_tree_passes_the_check_of_trees() {
    let directory = tempfile::tempdir().unwrap();
    assert_eq!(write_in_tree(directory.path()).unwrap().len(), catalogue::models().count());
    check_in_tree(directory.path()).unwrap();
    fs::write(directory.path().join("envelope/schemas/event.schema.json"), "{}").unwrap();
    let found = drift(check_in_tree(directory.path()));
    assert_eq!(found, [("event.schema.json".to_owned(), DriftKind::Differs)]);
}

#[test]
fn each_kind_of_drift_is_noticed() {
    let directory = tempfile::tempdir().unwrap();
    write(directory.path()).unwrap();
    fs::remove_file(directory.path().join("provenance_ref.schema.json")).unwrap();
    let event = directory.path().join("event.schema.json");
    fs::write(&event, fs::read_to_string(&event).unwrap().trim_end()).unwrap();
    fs::write(directory.path().join("other.schema.json"), [0xff]).unwrap();
    fs::write(directory.path().join("README.md"), "no schema").unwrap();
    let mut found = drift(check(directory.path()));
    found.sort_by(|one, other| one.0.cmp(&other.0));
    let expected = [
        ("event.schema.json", DriftKind::Differs),
        ("other.schema.json", DriftKind::Unexpected),
        ("provenance_ref.schema.json", DriftKind::Missing),
    ];
    assert_eq!(found, expected.map(|(name, kind)| (name.to_owned(), kind)));
    let text = check(directory.path()).unwrap_err().to_string();
    assert!(text.starts_with("3 schema(s) drifted: "), "{text}");
    for words in
        ["event.schema.json differs", "other.schema.json belongs to no", "provenance_ref.schema.json is missing"]
    {
        assert!(text.contains(words), "{text}");
    }
}

#[test]
fn a_directory_that_cannot_be_used_is_an_error_and_no_drift() {
    let directory = tempfile::tempdir().unwrap();
    let absent = directory.path().join("absent");
    assert!(matches!(check(&absent), Err(CheckError::Io { path, .. }) if path == absent));
    assert!(matches!(check_in_tree(&absent), Err(CheckError::Io { .. })));
    let file = directory.path().join("file");
    fs::write(&file, "").unwrap();
    assert!(write(&file).is_err());
    assert!(write_in_tree(&file).is_err());
    let folder = directory.path().join("event.schema.json");
    fs::create_dir(folder).unwrap();
    assert!(matches!(check(directory.path()), Err(CheckError::Io { .. })));
    assert!(write(directory.path()).is_err());
}

#[test]
fn members_are_sorted_at_every_depth() {
    let value = sorted(json!({"b": [{"z": 1, "a": 2}], "a": null}));
    assert_eq!(value.to_string(), r#"{"a":null,"b":[{"a":2,"z":1}]}"#);
}
