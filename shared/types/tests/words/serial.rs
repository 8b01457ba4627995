//! Words through serde.

use artifactstore_types::{
    Algorithm, ContentAddress, Digest, MediaType, Namespace, PackageId, RelativePath, Timestamp, Value,
};
use serde::{Serialize, de::DeserializeOwned};

fn passes<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug + ToString>(word: &T) {
    let json = serde_json::to_string(word).unwrap();
    assert_eq!(json, serde_json::to_string(&word.to_string()).unwrap());
    assert_eq!(&serde_json::from_str::<T>(&json).unwrap(), word);
}

#[test]
fn words_are_their_text() {
    passes(&ContentAddress::of(b"x"));
    passes(&Algorithm::Sha256.digest(b"x"));
    passes(&Timestamp::LATEST);
    passes(&RelativePath::new("a/\u{6c34}\"").unwrap());
    passes(&PackageId::new(uuid::Uuid::from_u128(7)));
    passes(&Namespace::default());
}

#[test]
fn a_text_that_breaks_the_rule_of_its_word_is_refused() {
    assert!(serde_json::from_str::<RelativePath>("\"../a\"").is_err());
    assert!(serde_json::from_str::<MediaType>("\"a/b\\r\\n\"").is_err());
    assert!(serde_json::from_str::<Digest>("\"sha256:00\"").is_err());
    assert!(serde_json::from_str::<Timestamp>("0").is_err());
    assert!(serde_json::from_str::<PackageId>("null").is_err());
}

#[test]
fn a_value_is_itself() {
    let json = r#"{"a":[null,true,-1,"x"],"b":{}}"#;
    let value: Value = serde_json::from_str(json).unwrap();
    assert_eq!(serde_json::to_string(&value).unwrap(), json);
}

#[test]
fn a_value_has_no_floats_no_wide_integers_and_no_key_twice() {
    for json in ["1.5", "[1e3]", "9223372036854775808", "{\"a\":1,\"a\":1}", "{\"a\":{\"b\":0.1}}"] {
        assert!(serde_json::from_str::<Value>(json).is_err(), "{json}");
    }
    assert_eq!(serde_json::from_str::<Value>("-9223372036854775808").unwrap(), Value::Int(i64::MIN));
}
