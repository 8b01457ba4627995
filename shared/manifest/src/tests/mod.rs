//! Arbitrary values and manifests, and the tests of the crate's whole: manifests, JSON, the vectors of others.

mod jcs;
mod manifest;
mod refusals;
mod sections;

use std::ops::RangeInclusive;

use artifactstore_types::Value;
use proptest::prelude::*;

pub(crate) use sections::manifests;

/// Values with integers of this range, nested a few levels deep, with keys that share prefixes and differ in length.
pub(crate) fn values(ints: RangeInclusive<i64>) -> impl Strategy<Value = Value> {
    let near_boundaries = prop::sample::select(vec![0, 23, 24, 255, 256, 65_535, 65_536, -1, -24, -25, -256, -257]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        ints.prop_map(Value::Int),
        near_boundaries.prop_map(Value::Int),
        any::<String>().prop_map(Value::Text),
        "[ -~]{0,40}".prop_map(Value::Text),
    ];
    leaf.prop_recursive(5, 48, 6, |inner| {
        let keys = prop_oneof!["[ab]{0,4}", any::<String>(), "[\u{0}-\u{ff}\u{e000}-\u{10ffff}]{1,2}"];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::List),
            prop::collection::btree_map(keys, inner, 0..6).prop_map(Value::Map),
        ]
    })
}
