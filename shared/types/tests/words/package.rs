//! Package statuses and provenance.

use artifactstore_types::{PackageStatus, Provenance, ProvenanceRefused, Value, ValueRefused};

#[test]
fn statuses_are_found_by_their_names() {
    for status in PackageStatus::ALL {
        assert_eq!(PackageStatus::find(status.name()), Some(status));
    }
    assert_eq!(PackageStatus::find("Created"), None);
    assert_eq!(PackageStatus::find(""), None);
}

#[test]
fn only_a_package_that_is_neither_closed_nor_gone_is_open() {
    let open: Vec<_> = PackageStatus::ALL.into_iter().filter(|status| status.is_open()).collect();
    assert_eq!(open, [PackageStatus::Created, PackageStatus::Uploading]);
}

#[test]
fn provenance_is_held_to_its_bounds() {
    let refs = |count: usize, bytes: usize| Provenance {
        source_refs: vec!["r".repeat(bytes); count],
        ..Provenance::default()
    };
    assert_eq!(Provenance::default().check(), Ok(()));
    assert_eq!(refs(64, 512).check(), Ok(()));
    assert_eq!(refs(65, 1).check(), Err(ProvenanceRefused::TooManySourceRefs));
    assert_eq!(refs(1, 513).check(), Err(ProvenanceRefused::TextTooLong));
    let version = |bytes: usize| Provenance { producer_version: Some("v".repeat(bytes)), ..Provenance::default() };
    assert_eq!(version(512).check(), Ok(()));
    assert_eq!(version(513).check(), Err(ProvenanceRefused::TextTooLong));
    let extra = Provenance { extra: [("n".to_owned(), Value::Int(i64::MAX))].into(), ..Provenance::default() };
    assert_eq!(extra.check(), Err(ProvenanceRefused::Extra(ValueRefused::IntegerTooLarge)));
}
