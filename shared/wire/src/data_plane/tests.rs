//! Receipts and locations come back as they were sent, and what no node would say is refused by its field.

use artifactstore_types::{BackendId, Category, NodeId};
use proptest::prelude::*;
use prost::Message as _;

use super::*;
use crate::codes;

fn slug<T: std::str::FromStr<Err: std::fmt::Debug> + std::fmt::Debug>() -> impl Strategy<Value = T> {
    "[a-z0-9][a-z0-9._-]{0,40}".prop_map(|text| text.parse().unwrap())
}

prop_compose! {
    fn receipt()(
        blake3 in any::<[u8; 32]>(), sha256 in any::<[u8; 32]>(), size_bytes in 0..u64::MAX / 2,
        backend_id in slug::<BackendId>(), key in "\\PC{1,60}", offset in 0..u64::MAX / 2, node_id in slug::<NodeId>(),
        micros in 0..253_402_207_200_999_999_i64,
    ) -> Receipt {
        Receipt {
            digests: DualDigest {
                blake3: Digest::new(Algorithm::Blake3, blake3),
                sha256: Digest::new(Algorithm::Sha256, sha256),
                size_bytes,
            },
            location: Location { backend_id, key, offset, length: size_bytes },
            node_id,
            stored_at: Timestamp::from_micros(micros).unwrap(),
        }
    }
}

proptest! {
    #[test]
    fn receipts_come_back(receipt in receipt()) {
        let fault = Fault::new("AS-DATA-0004", Category::Invalid, "other bytes").about("x");
        for result in [Ok(receipt.clone()), Err(fault.clone())] {
            let bytes = v1::BlobResult::from(result.clone()).encode_to_vec();
            prop_assert_eq!(v1::BlobResult::decode(bytes.as_slice()).unwrap().decoded().unwrap(), result);
        }
    }

    #[test]
    fn places_and_entries_come_back(receipt in receipt(), is_here: bool) {
        let place = is_here.then_some(receipt.location.clone());
        prop_assert_eq!(v1::ObjectPlace::of(place.clone()).decoded().unwrap(), place);
        let Receipt { location, stored_at, .. } = receipt.clone();
        let entry = v1::InventoryEntry::of(receipt.address(), location.clone(), stored_at);
        prop_assert_eq!(entry.decoded().unwrap(), (receipt.address(), location, stored_at));
    }
}

fn good() -> v1::Receipt {
    let digests = DualDigest::of(b"bytes");
    let location = v1::Location { backend_id: "local".to_owned(), key: "k".to_owned(), offset: 0, length: 5 };
    v1::Receipt {
        digests: Some(digests.into()),
        location: Some(location),
        node_id: "node-a".to_owned(),
        stored_at: Some(prost_types::Timestamp { seconds: 7, nanos: 0 }),
    }
}

#[test]
fn refuses_each_field_of_a_receipt_that_cannot_hold() {
    type Change = fn(&mut v1::Receipt);
    let location: fn(&mut v1::Receipt) -> &mut v1::Location = |receipt| receipt.location.as_mut().unwrap();
    let changes: [(&str, Change); 9] = [
        ("digests", |receipt| receipt.digests = None),
        ("digests.content_address", |receipt| receipt.digests.as_mut().unwrap().content_address.clear()),
        ("digests.sha256", |receipt| {
            let digests = receipt.digests.as_mut().unwrap();
            digests.sha256 = digests.content_address.clone();
        }),
        ("location", |receipt| receipt.location = None),
        ("location.length", |receipt| receipt.digests.as_mut().unwrap().size_bytes = 6),
        ("location.backend_id", |receipt| receipt.location.as_mut().unwrap().backend_id = "../x".to_owned()),
        ("location.key", |receipt| receipt.location.as_mut().unwrap().key.clear()),
        ("node_id", |receipt| receipt.node_id.clear()),
        ("stored_at", |receipt| receipt.stored_at = None),
    ];
    Receipt::try_from(good()).unwrap();
    for (field, change) in changes {
        let mut receipt = good();
        change(&mut receipt);
        let fault = Receipt::try_from(receipt).unwrap_err();
        assert_eq!((fault.code.as_ref(), fault.subject.as_deref()), (codes::FIELD, Some(field)));
    }
    let mut long = good();
    location(&mut long).key = "k".repeat(limits::OBJECT_KEY_BYTES + 1);
    assert_eq!(Receipt::try_from(long).unwrap_err().subject.as_deref(), Some("location.key"));
    let mut endless = good();
    location(&mut endless).offset = u64::MAX;
    assert_eq!(Receipt::try_from(endless).unwrap_err().subject.as_deref(), Some("location.length"));
}

#[test]
fn mismatches_come_back_and_numbers_that_name_none_are_refused() {
    for mismatch in Mismatch::ALL {
        assert_eq!(decode_mismatch(Some(encode_mismatch(mismatch))), Ok(Some(mismatch)));
    }
    assert_eq!(decode_mismatch(None), Ok(None));
    for number in [0, 4, -1] {
        assert_eq!(decode_mismatch(Some(number)).unwrap_err().subject.as_deref(), Some("mismatch"));
    }
}
