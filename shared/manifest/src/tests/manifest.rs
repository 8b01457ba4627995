//! The properties a manifest's forms have, whatever it says.

use proptest::prelude::*;

use super::{manifests, sections::file_lists};
use crate::{Manifest, cbor, digest, jcs, to_json};

fn rebuilt(manifest: &Manifest, files: Vec<crate::FileEntry>, receipts: Vec<crate::StorageReceipt>) -> Manifest {
    let (package, provenance) = (manifest.package().clone(), manifest.provenance().clone());
    Manifest::new(package, files, receipts, manifest.retention_summary().clone(), provenance).unwrap()
}

proptest! {
    #[test]
    fn decoding_gives_back_what_was_encoded(manifest in manifests()) {
        let bytes = manifest.encode();
        prop_assert_eq!(cbor::check(&bytes), Ok(()));
        prop_assert_eq!(Manifest::decode(&bytes), Ok(manifest));
    }

    #[test]
    fn the_way_through_json_gives_the_same_bytes(manifest in manifests()) {
        let bytes = manifest.encode();
        let json = manifest.jcs();
        prop_assert_eq!(&to_json(&bytes).unwrap(), &json);
        let back = Manifest::from_jcs(&json).unwrap();
        prop_assert_eq!(back.encode(), bytes);
        prop_assert_eq!(back, manifest);
    }

    #[test]
    fn json_and_cbor_hold_one_value(manifest in manifests()) {
        prop_assert_eq!(jcs::decode(&manifest.jcs()).unwrap(), cbor::decode(&manifest.encode()).unwrap());
    }

    #[test]
    fn json_is_what_an_independent_canonicalizer_makes_of_it(manifest in manifests()) {
        let json: serde_json::Value = serde_json::from_slice(&manifest.jcs()).unwrap();
        prop_assert_eq!(serde_json_canonicalizer::to_vec(&json).unwrap(), manifest.jcs());
    }

    #[test]
    fn the_order_in_which_parts_were_given_does_not_show(manifest in manifests(), turn: prop::sample::Index) {
        let mut files = manifest.files().to_vec();
        files.reverse();
        let mut receipts = manifest.storage_receipts().to_vec();
        if !receipts.is_empty() {
            let turn = turn.index(receipts.len());
            receipts.rotate_left(turn);
            receipts.push(receipts[0].clone());
        }
        let other = rebuilt(&manifest, files, receipts);
        prop_assert_eq!(other.encode(), manifest.encode());
    }

    #[test]
    fn another_set_of_files_has_another_digest(manifest in manifests(), files in file_lists()) {
        let other = rebuilt(&manifest, files, manifest.storage_receipts().to_vec());
        prop_assert_eq!(other == manifest, digest(&other.encode()) == digest(&manifest.encode()));
    }

    #[test]
    fn whatever_is_accepted_encodes_to_the_same_bytes(manifest in manifests(), at: prop::sample::Index, change in 1_u8..) {
        let mut bytes = manifest.encode();
        let at = at.index(bytes.len());
        bytes[at] ^= change;
        if let Ok(other) = Manifest::decode(&bytes) {
            prop_assert_ne!(&other, &manifest);
            prop_assert_eq!(other.encode(), bytes);
        }
    }

    #[test]
    fn a_changed_byte_of_the_json_gives_another_manifest_or_a_refusal(
        manifest in manifests(), at: prop::sample::Index, change in 1_u8..
    ) {
        let mut json = manifest.jcs();
        let at = at.index(json.len());
        json[at] ^= change;
        if let Ok(other) = Manifest::from_jcs(&json) {
            prop_assert_ne!(&other, &manifest);
            prop_assert_eq!(other.jcs(), json);
        }
    }

    #[test]
    fn no_part_of_a_manifest_is_one(manifest in manifests(), at: prop::sample::Index) {
        let bytes = manifest.encode();
        prop_assert!(Manifest::decode(&bytes[..at.index(bytes.len())]).is_err());
    }

    #[test]
    fn arbitrary_bytes_are_refused_without_harm(bytes in prop::collection::vec(any::<u8>(), 0..256)) {
        prop_assert!(Manifest::decode(&bytes).is_err());
        prop_assert!(Manifest::from_jcs(&bytes).is_err());
    }
}
