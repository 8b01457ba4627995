//! Digests against the vectors of their authors.

use std::{fs, path::Path};

use artifactstore_types::{Algorithm, DualDigest};

#[test]
fn the_official_blake3_vectors_hold() {
    let file =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/vectors/BLAKE3/test_vectors/test_vectors.json");
    let Ok(text) = fs::read_to_string(&file) else {
        println!("skipped: the BLAKE3 vectors are not at {}", file.display());
        return;
    };
    let vectors: serde_json::Value = serde_json::from_str(&text).unwrap();
    let cases = vectors["cases"].as_array().unwrap();
    assert!(cases.len() >= 35, "{} cases", cases.len());
    for case in cases {
        let length = usize::try_from(case["input_len"].as_u64().unwrap()).unwrap();
        // The input of every case is 0, 1, … 250, 0, 1, …; the first 32 bytes of the output are the digest.
        let input: Vec<u8> = (0..=250_u8).cycle().take(length).collect();
        let expected = &case["hash"].as_str().unwrap()[..64];
        assert_eq!(Algorithm::Blake3.digest(&input).hex(), expected, "{length}");
        assert_eq!(DualDigest::of_reader(input.as_slice()).unwrap().blake3.hex(), expected, "{length}");
    }
}

#[test]
fn the_sha_256_examples_of_fips_180_4_hold() {
    let million = "a".repeat(1_000_000);
    for (text, expected) in [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
        ),
        (&million, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"),
    ] {
        assert_eq!(Algorithm::Sha256.digest(text.as_bytes()).hex(), expected);
    }
}
