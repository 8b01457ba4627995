//! Golden vectors: what version 1 manifests encode to, for ever. The files were made by another encoder than this crate's.
//!
//! `golden/INDEX` has a line for each vector: its name, the manifest digest, and the BLAKE3 of the JSON file. It is added to
//! and never rewritten, and so are the files: a vector that no longer holds is a defect of the code, never of the vector.

use std::{collections::BTreeSet, fs, path::PathBuf};

use artifactstore_manifest::{Manifest, cbor, digest, to_json};
use artifactstore_types::ContentAddress;

/// How many lines the index had at each addition, and the BLAKE3 of those lines. Append here when appending there.
const INDEX_SO_FAR: [(usize, &str); 2] = [
    (4, "blake3:a294e3cb1d1ae40bc1f300c6793c237db63c25185274022e5232ed696569b594"),
    (5, "blake3:c7ba633099d120cd732cf63cadc0333d3437fdaba94f78d9cc62e5d7e70089c0"),
];

fn golden(file: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(file)
}

fn index() -> String {
    fs::read_to_string(golden("INDEX")).unwrap_or_default()
}

#[test]
fn every_vector_still_holds() {
    for line in index().lines() {
        let columns: Vec<_> = line.split(' ').collect();
        let [name, manifest_digest, json_digest] = columns[..] else { panic!("malformed line: {line}") };
        let json = fs::read(golden(&format!("{name}.json"))).unwrap();
        let hex = fs::read_to_string(golden(&format!("{name}.cbor.hex"))).unwrap();
        let bytes = hex::decode(hex.trim_end()).unwrap();
        assert_eq!(digest(&bytes).to_string(), manifest_digest, "{name}: the CBOR file was changed");
        assert_eq!(ContentAddress::of(&json).to_string(), json_digest, "{name}: the JSON file was changed");

        assert_eq!(cbor::check(&bytes), Ok(()), "{name}");
        let manifest = Manifest::decode(&bytes).unwrap();
        assert_eq!(hex::encode(manifest.encode()), hex.trim_end(), "{name}");
        assert_eq!(String::from_utf8(to_json(&bytes).unwrap()), String::from_utf8(json.clone()), "{name}");
        let from_json = Manifest::from_jcs(&json).unwrap();
        assert_eq!(digest(&from_json.encode()).to_string(), manifest_digest, "{name}");
        assert_eq!(from_json, manifest, "{name}");
    }
}

#[test]
fn the_index_names_every_file_there_is() {
    let named: BTreeSet<_> = index()
        .lines()
        .filter_map(|line| line.split(' ').next())
        .flat_map(|name| [format!("{name}.json"), format!("{name}.cbor.hex")])
        .chain(["INDEX".to_owned()])
        .collect();
    let present: BTreeSet<_> =
        fs::read_dir(golden("")).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(named, present);
}

#[test]
fn the_index_has_only_grown() {
    let index = index();
    let lines: Vec<_> = index.split_inclusive('\n').collect();
    for (count, expected) in INDEX_SO_FAR {
        let so_far = lines.get(..count).map(<[_]>::concat).unwrap_or_default();
        assert_eq!(ContentAddress::of(so_far.as_bytes()).to_string(), expected, "the first {count} lines were changed");
    }
    let [.., (recorded, _)] = INDEX_SO_FAR;
    assert_eq!(lines.len(), recorded, "new lines are recorded in INDEX_SO_FAR");
}
