//! Values that tests need again and again, with everything filled in that a test did not ask about. A test that cares
//! about a field changes it: `NewPackage { class: word("transient"), ..new_package("run-1") }`.

use std::{fmt::Debug, str::FromStr};

use artifactstore_types::{
    DualDigest, FileHeader, FileId, Location, MediaType, Metadata, Namespace, NewPackage, PackageId, Provenance,
    Receipt, SmallFile, Upload,
};
use bytes::Bytes;

use crate::{SequentialIds, clock::START};

/// The word that this text is: a name, a path, an address, an id or a time, whatever the place it stands in asks for.
///
/// # Panics
/// Where the text is no such word.
pub fn word<T: FromStr<Err: Debug>>(text: &str) -> T {
    text.parse().unwrap_or_else(|refused| panic!("{text:?} is no {}: {refused:?}", std::any::type_name::<T>()))
}

/// The package id at this place of the row that [`SequentialIds`] gives out.
pub fn package_id(place: u64) -> PackageId {
    PackageId::new(SequentialIds::nth(place))
}

/// The file id at this place of the row that [`SequentialIds`] gives out.
pub fn file_id(place: u64) -> FileId {
    FileId::new(SequentialIds::nth(place))
}

/// A package of this name, in the default namespace, under `raw-evidence`, with nothing optional.
pub fn new_package(name: &str) -> NewPackage {
    NewPackage {
        namespace: Namespace::default(),
        name: word(name),
        producer: word("testkit"),
        subject: word("a subject"),
        kind: None,
        class: word("raw-evidence"),
        metadata: Metadata::new(),
        provenance: Provenance::default(),
    }
}

/// An upload by `a producer` into this package, in which a path that exists is refused.
pub fn upload(package_id: PackageId) -> Upload {
    Upload { package_id, actor: word("a producer"), replace: false, idempotency_key: None }
}

/// What is said of a file at this path: unknown media type, not executable, no address declared.
pub fn file_header(path: &str) -> FileHeader {
    FileHeader { relative_path: word(path), media_type: MediaType::default(), executable: false, declared: None }
}

/// A file at this path with these bytes.
pub fn small_file(path: &str, bytes: impl Into<Bytes>) -> SmallFile {
    SmallFile { header: file_header(path), bytes: bytes.into() }
}

/// The receipt of these bytes, stored as one object of backend `local` by node `embedded` at [`START`]. The digests are
/// right; the key names no object anywhere.
pub fn receipt_for(bytes: &[u8]) -> Receipt {
    let digests = DualDigest::of(bytes);
    let location = Location {
        backend_id: word("local"),
        key: format!("blobs/{}", digests.blake3.hex()),
        offset: 0,
        length: digests.size_bytes,
    };
    Receipt { digests, location, node_id: word("embedded"), stored_at: START }
}

#[cfg(test)]
mod tests {
    use artifactstore_types::{ContentAddress, RelativePath};

    use super::*;

    #[test]
    fn a_receipt_is_of_the_bytes_it_was_asked_for() {
        let receipt = receipt_for(b"evidence");
        assert_eq!(receipt.address(), ContentAddress::of(b"evidence"));
        assert_eq!(receipt.digests, DualDigest::of(b"evidence"));
        assert_eq!((receipt.location.offset, receipt.location.length), (0, 8));
        assert_ne!(receipt.location.key, receipt_for(b"other").location.key);
    }

    #[test]
    fn a_small_file_stands_where_it_was_put() {
        let file = small_file("logs/run.txt", "all well");
        assert_eq!(file.header, file_header("logs/run.txt"));
        assert_eq!(file.header.relative_path.as_str(), "logs/run.txt");
        assert_eq!(&*file.bytes, b"all well");
    }

    #[test]
    #[should_panic(expected = "Climbs")]
    fn a_text_that_is_no_such_word_fails_the_test() {
        word::<RelativePath>("../etc");
    }
}
