//! What is said of a store; that one starts is seen by every test that uses one.

use super::*;

const PRINTED: &str = "\
export AWS_ENDPOINT_URL=http://127.0.0.1:7480
export AWS_ACCESS_KEY_ID=id
export AWS_SECRET_ACCESS_KEY=secret=with=signs
export ARTIFACTSTORE_TEST_S3_BUCKET=bucket
";

#[test]
fn reads_what_the_script_exports() {
    let bucket = TestBucket::of(&exports(PRINTED));
    assert_eq!((&*bucket.endpoint, &*bucket.bucket), ("http://127.0.0.1:7480", "bucket"));
    assert_eq!((&*bucket.access_key_id, &*bucket.secret_access_key), ("id", "secret=with=signs"));
    assert_eq!(bucket.region, "us-east-1");
}

#[test]
fn two_tests_do_not_share_a_prefix() {
    let variables = exports(PRINTED);
    assert_ne!(TestBucket::of(&variables).prefix, TestBucket::of(&variables).prefix);
}

#[test]
#[should_panic(expected = "AWS_ENDPOINT_URL")]
fn a_store_named_by_half_fails_the_test() {
    TestBucket::of(&exports("export ARTIFACTSTORE_TEST_S3_BUCKET=bucket"));
}
