//! Digests, the algorithms known, and both digests of a stream in one pass.

use std::io::{self, Read};

use artifactstore_types::{Algorithm, Digest, DigestRefused, DualDigest, DualHasher};
use proptest::prelude::*;

/// SHA-256 by an implementation that shares no code with the one in use.
fn independent_sha256(bytes: &[u8]) -> Digest {
    Digest::new(Algorithm::Sha256, hmac_sha256::Hash::hash(bytes))
}

/// Bytes in which no chunk equals another.
fn sample(length: usize) -> Vec<u8> {
    (0..length as u64).flat_map(|n| (n.wrapping_mul(0x9e37_79b9_7f4a_7c15)).to_le_bytes()).take(length).collect()
}

/// A reader that gives its bytes in pieces of these sizes, over and over, and is interrupted before each.
struct Dribbling<'a> {
    left: &'a [u8],
    pieces: std::iter::Cycle<std::vec::IntoIter<usize>>,
    interrupted: bool,
}

impl Read for Dribbling<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.interrupted = !self.interrupted;
        if self.interrupted {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let piece = self.pieces.next().unwrap_or(1).min(self.left.len());
        self.left.take(piece as u64).read(buffer).inspect(|read| self.left = &self.left[*read..])
    }
}

proptest! {
    #[test]
    fn prints_and_parses_back(bytes: [u8; 32], algorithm in prop::sample::select(Algorithm::ALL.to_vec())) {
        let digest = Digest::new(algorithm, bytes);
        prop_assert_eq!(digest.to_string(), format!("{algorithm}:{}", digest.hex()));
        prop_assert_eq!(digest.to_string().parse(), Ok(digest));
        prop_assert_eq!(Digest::from_hex(algorithm, &digest.hex()), Ok(digest));
        prop_assert_eq!(digest.hex(), hex::encode(bytes));
    }

    #[test]
    fn refuses_whatever_is_not_64_lower_case_digits(text in "[0-9a-fA-Fg]{0,70}") {
        let good = text.len() == 64 && text.bytes().all(|byte| b"0123456789abcdef".contains(&byte));
        let parsed = Digest::from_hex(Algorithm::Sha256, &text);
        prop_assert_eq!(parsed.is_ok(), good);
        if let Ok(digest) = parsed {
            prop_assert_eq!(digest.hex(), text);
        }
    }

    #[test]
    fn one_wrong_character_is_refused_wherever_it_stands(bytes: [u8; 32], at in 0_usize..64, wrong in "[^0-9a-f]") {
        let mut text = hex::encode(bytes);
        text.replace_range(at..=at, &wrong);
        prop_assert!(Digest::from_hex(Algorithm::Blake3, &text).is_err());
    }

    #[test]
    fn however_a_stream_is_split_its_digests_are_those_of_the_whole(
        length in 0_usize..200_000, cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..12)
    ) {
        let bytes = sample(length);
        let mut cuts: Vec<_> = cuts.iter().map(|cut| cut.index(length + 1)).collect();
        cuts.sort_unstable();
        let mut hasher = DualHasher::default();
        let mut start = 0;
        for end in cuts.into_iter().chain([length]) {
            hasher.update(&bytes[start..end]);
            start = end;
        }
        prop_assert_eq!(hasher.finish(), DualDigest::of(&bytes));
    }

    #[test]
    fn however_a_reader_gives_its_bytes_the_digests_are_those_of_the_whole(
        length in 0_usize..100_000, pieces in prop::collection::vec(1_usize..70_000, 1..5)
    ) {
        let bytes = sample(length);
        let pieces = pieces.into_iter().cycle();
        let reader = Dribbling { left: &bytes, pieces, interrupted: false };
        prop_assert_eq!(DualDigest::of_reader(reader).unwrap(), DualDigest::of(&bytes));
    }

    #[test]
    fn sha_256_is_what_an_independent_implementation_says(bytes in prop::collection::vec(any::<u8>(), 0..1000)) {
        prop_assert_eq!(Algorithm::Sha256.digest(&bytes), independent_sha256(&bytes));
    }
}

#[test]
fn both_digests_are_right_at_every_boundary() {
    const KIB: usize = 1024;
    // SHA-256 block and padding, BLAKE3 chunk, transport chunk, pack threshold, read buffer, part.
    let boundaries = [55, 64, 119, 128, KIB, 2 * KIB, 4 * KIB, 16 * KIB, 64 * KIB, 256 * KIB, KIB * KIB, 8 * KIB * KIB];
    let around = boundaries.into_iter().flat_map(|size| [size - 1, size, size + 1]);
    for size in [0, 1].into_iter().chain(around) {
        let bytes = sample(size);
        let digests = DualDigest::of_reader(bytes.as_slice()).unwrap();
        assert_eq!(digests.size_bytes, size as u64);
        assert_eq!(digests.sha256, independent_sha256(&bytes), "{size}");
        assert_eq!(digests.blake3.bytes(), blake3::hash(&bytes).as_bytes(), "{size}");
        assert_eq!(digests, DualDigest::of(&bytes), "{size}");
    }
}

#[test]
fn both_digests_are_right_beyond_256_mib() {
    const SIZE: u64 = (256 << 20) + 1;
    let mut sha256 = hmac_sha256::Hash::new();
    let mut left = SIZE;
    let zeros = vec![0; 1 << 20];
    while left > 0 {
        let piece = left.min(1 << 20);
        sha256.update(&zeros[..usize::try_from(piece).unwrap()]);
        left -= piece;
    }
    let digests = DualDigest::of_reader(io::repeat(0).take(SIZE)).unwrap();
    assert_eq!(digests.size_bytes, SIZE);
    assert_eq!(digests.sha256.bytes(), &sha256.finalize());
}

#[test]
fn both_digests_are_right_where_a_32_bit_count_would_wrap() {
    // 2^32 + 1 zero bytes: the SHA-256 is what `sha256sum` prints, the BLAKE3 what the official implementation gives.
    const SIZE: u64 = (1 << 32) + 1;
    let digests = DualDigest::of_reader(io::repeat(0).take(SIZE)).unwrap();
    assert_eq!(digests.size_bytes, SIZE);
    assert_eq!(digests.sha256.hex(), "fbb82f7b353676bb562eb82157fcf0ea42c36492ca13ee56dbf82c08b6802c5c");
    assert_eq!(digests.blake3.hex(), "1c5383e3e425b8b27d54e1b6bf91bb3320b8ba1496f7483f87b5f4490a542794");
}

#[test]
fn a_failing_reader_gives_no_digest() {
    struct Failing;
    impl Read for Failing {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::ErrorKind::ConnectionReset.into())
        }
    }
    let reader = io::Cursor::new(b"some bytes").chain(Failing);
    assert_eq!(DualDigest::of_reader(reader).unwrap_err().kind(), io::ErrorKind::ConnectionReset);
}

#[test]
fn each_digest_is_found_by_its_algorithm() {
    let digests = DualDigest::of(b"x");
    for algorithm in Algorithm::ALL {
        assert_eq!(digests.by(algorithm), algorithm.digest(b"x"));
        assert_eq!(digests.by(algorithm).algorithm(), algorithm);
    }
}

#[test]
fn the_registry_knows_its_algorithms_by_name_and_no_other() {
    assert_eq!(Algorithm::PRIMARY, Algorithm::ALL[0]);
    for algorithm in Algorithm::ALL {
        let name = algorithm.name();
        assert_eq!(Algorithm::find(name), Some(algorithm));
        assert_eq!(algorithm.to_string(), name);
        assert!(name.starts_with(|first: char| first.is_ascii_lowercase()));
        assert!(name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-".contains(&byte)));
    }
    for name in ["", "BLAKE3", "blake3 ", "sha-256", "sha512", "md5", "blake3\0"] {
        assert_eq!(Algorithm::find(name), None, "{name}");
    }
}

#[test]
fn an_unknown_algorithm_is_quoted_no_longer_than_needed() {
    let long = "x".repeat(1_000_000);
    let Err(DigestRefused::UnknownAlgorithm(quoted)) = format!("{long}:00").parse::<Digest>() else {
        panic!("accepted")
    };
    assert_eq!(quoted.len(), 32);
    assert!("é:00".parse::<Digest>().is_err());
}
