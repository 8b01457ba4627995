//! What tells the streams of a family apart: a few texts of an event, as one text that can be typed and taken apart again.

use std::fmt::{self, Write};

/// The key of a stream within its family, such as `3f2b7c1e-08d4-4e51-9a6f-5d20c7b1e943/field-survey%2F017/audit-5`.
///
/// Its parts are separated by `/`. What would be taken for something else in one (`/`, `%`, control characters) is written
/// as `%` and two hexadecimal digits for each byte of its UTF-8 form, so different parts make different keys.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamKey(String);

impl StreamKey {
    /// The longest key, in bytes: it becomes part of an index entry wherever streams are kept.
    pub const MAX_BYTES: usize = 1_024;

    /// The key made of these parts.
    pub fn of<'a>(parts: impl IntoIterator<Item = &'a str>) -> Self {
        let mut key = String::new();
        for (place, part) in parts.into_iter().enumerate() {
            if place > 0 {
                key.push('/');
            }
            for character in part.chars() {
                if character.is_control() || matches!(character, '/' | '%') {
                    for byte in character.encode_utf8(&mut [0; 4]).bytes() {
                        // Writing to a string cannot fail.
                        let _ = write!(key, "%{byte:02X}");
                    }
                } else {
                    key.push(character);
                }
            }
        }
        Self(key)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for StreamKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn plain_parts_stay_as_they_are() {
        assert_eq!(StreamKey::of(["p", "008-parity", "2.x", "main é"]).as_str(), "p/008-parity/2.x/main é");
    }

    #[test]
    fn a_part_cannot_pass_for_two_or_for_another() {
        assert_eq!(StreamKey::of(["a/b", "100%", "\u{0}\u{85}"]).as_str(), "a%2Fb/100%25/%00%C2%85");
        assert_ne!(StreamKey::of(["a", "b"]), StreamKey::of(["a/b"]));
        assert_ne!(StreamKey::of(["a%2Fb"]), StreamKey::of(["a/b"]));
        assert_ne!(StreamKey::of(["", "a"]), StreamKey::of(["a", ""]));
    }

    proptest! {
        #[test]
        fn different_parts_make_different_keys(one in parts(), other in parts()) {
            let key = |parts: &[String]| StreamKey::of(parts.iter().map(String::as_str));
            prop_assert_eq!(one == other, key(&one) == key(&other));
            prop_assert!(!key(&one).as_str().contains(char::is_control));
        }
    }

    fn parts() -> impl Strategy<Value = Vec<String>> {
        proptest::collection::vec("[ab/%2F\\x00\u{85}é]{0,3}", 1..4)
    }
}
