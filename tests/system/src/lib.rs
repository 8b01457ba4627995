//! What the whole-system tests share: the files a producer pushes, so that whoever looks afterwards can tell from a path
//! alone which bytes must be there.

use artifactstore_types::{FileHeader, MediaType, RelativePath};
use bytes::Bytes;

/// How many files a producer pushes at most.
pub const FILES: usize = 400;

/// The path of file `index`; every fifth lies deeper.
///
/// # Panics
/// Never: the path is well-formed for every index.
#[expect(clippy::expect_used, reason = "the path is made here and is valid for every index")]
pub fn path_of(index: usize) -> RelativePath {
    let text = if index.is_multiple_of(5) { format!("deep/er/{index:05}.bin") } else { format!("{index:05}.bin") };
    RelativePath::new(text).expect("a path made of digits is a relative path")
}

/// The bytes of file `index` of the push called `round`: most are small, every fortieth is larger than a pack takes, and
/// every seventh is the same in all pushes.
pub fn bytes_of(round: u64, index: usize) -> Bytes {
    let size = match index {
        _ if index.is_multiple_of(40) => 300_000 + index,
        _ => 40 * index,
    };
    let seed = if index.is_multiple_of(7) { index as u64 } else { round.wrapping_mul(1_000_003) + index as u64 };
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let next = std::iter::repeat_with(move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[3]
    });
    next.take(size).collect::<Vec<u8>>().into()
}

/// What is said of file `index` before its bytes.
pub fn header_of(index: usize) -> FileHeader {
    FileHeader {
        relative_path: path_of(index),
        media_type: MediaType::default(),
        executable: index.is_multiple_of(3),
        declared: None,
    }
}
