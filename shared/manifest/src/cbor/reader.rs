//! Pulls items off deterministic CBOR, one head at a time. Every head is checked for form as it is read; the order of map
//! keys is checked by [`Reader::key`]. What the items mean is left to the caller.

use std::cmp::Ordering;

use super::{CborRefused, CborRule, MAX_DEPTH};

/// One item, or the head of a list or map whose parts follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Item<'a> {
    Unsigned(u64),
    /// The integer −1 − n.
    Negative(u64),
    Bytes(&'a [u8]),
    Text(&'a str),
    /// A list of so many items; never more than there are bytes left.
    List(usize),
    /// A map of so many entries; never more than half the bytes left.
    Map(usize),
    Bool(bool),
    Null,
}

pub(crate) struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// How many bytes have been read.
    pub(crate) const fn offset(&self) -> usize {
        self.at
    }

    pub(crate) fn next(&mut self) -> Result<Item<'a>, CborRefused> {
        let start = self.at;
        self.item().map_err(|rule| CborRefused::Broken { rule, offset: start })
    }

    /// The next key of a map, which must sort after the one before it.
    pub(crate) fn key(&mut self, previous: Option<&str>) -> Result<&'a str, CborRefused> {
        let start = self.at;
        let refuse = |rule| CborRefused::Broken { rule, offset: start };
        let Item::Text(key) = self.next()? else { return Err(refuse(CborRule::KeyNotText)) };
        match previous.map_or(Ordering::Less, |previous| key_order(previous, key)) {
            Ordering::Less => Ok(key),
            Ordering::Equal => Err(refuse(CborRule::DuplicateKey)),
            Ordering::Greater => Err(refuse(CborRule::KeyOrder)),
        }
    }

    /// Passes over one item that stands inside `depth` lists and maps, with everything in it.
    pub(crate) fn skip(&mut self, depth: usize) -> Result<(), CborRefused> {
        let start = self.at;
        match self.next()? {
            Item::List(_) | Item::Map(_) if depth == MAX_DEPTH => too_deep(start),
            Item::List(items) => (0..items).try_for_each(|_| self.skip(depth + 1)),
            Item::Map(entries) => {
                let mut previous = None;
                for _ in 0..entries {
                    previous = Some(self.key(previous)?);
                    self.skip(depth + 1)?;
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Ends the reading; nothing may be left.
    pub(crate) fn finish(self) -> Result<(), CborRefused> {
        if self.at == self.bytes.len() {
            Ok(())
        } else {
            Err(CborRefused::Broken { rule: CborRule::Trailing, offset: self.at })
        }
    }

    fn item(&mut self) -> Result<Item<'a>, CborRule> {
        let initial = self.take(1)?[0];
        let info = initial & 0x1f;
        Ok(match initial >> 5 {
            0 => Item::Unsigned(self.argument(info)?),
            1 => Item::Negative(self.argument(info)?),
            2 => Item::Bytes(self.run(info)?),
            3 => Item::Text(std::str::from_utf8(self.run(info)?).map_err(|_| CborRule::NotUtf8)?),
            4 => Item::List(self.count(info, 1)?),
            5 => Item::Map(self.count(info, 2)?),
            6 => return Err(CborRule::Tag),
            _ => match info {
                20 => Item::Bool(false),
                21 => Item::Bool(true),
                22 => Item::Null,
                25..=27 => return Err(CborRule::Float),
                28..=30 => return Err(CborRule::Reserved),
                31 => return Err(CborRule::Indefinite),
                _ => return Err(CborRule::Simple),
            },
        })
    }

    /// The argument of a head (RFC 8949 §3), in its shortest form.
    fn argument(&mut self, info: u8) -> Result<u64, CborRule> {
        let (argument, least) = match info {
            0..=23 => return Ok(u64::from(info)),
            24 => (u64::from(self.take(1)?[0]), 24),
            25 => (self.big_endian::<2>()?, 1 << 8),
            26 => (self.big_endian::<4>()?, 1 << 16),
            27 => (self.big_endian::<8>()?, 1 << 32),
            31 => return Err(CborRule::Indefinite),
            _ => return Err(CborRule::Reserved),
        };
        if argument < least { Err(CborRule::NotShortest) } else { Ok(argument) }
    }

    fn big_endian<const N: usize>(&mut self) -> Result<u64, CborRule> {
        Ok(self.take(N)?.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte)))
    }

    fn run(&mut self, info: u8) -> Result<&'a [u8], CborRule> {
        let length = usize::try_from(self.argument(info)?).map_err(|_| CborRule::Truncated)?;
        self.take(length)
    }

    /// A number of parts, each of which takes at least `least` bytes.
    fn count(&mut self, info: u8, least: usize) -> Result<usize, CborRule> {
        let count = usize::try_from(self.argument(info)?).map_err(|_| CborRule::Truncated)?;
        if count > (self.bytes.len() - self.at) / least { Err(CborRule::Truncated) } else { Ok(count) }
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], CborRule> {
        let taken = self.bytes[self.at..].get(..length).ok_or(CborRule::Truncated)?;
        self.at += length;
        Ok(taken)
    }
}

/// The order of text keys by their encodings: the length is in the head, so the shorter comes first.
pub(super) fn key_order(left: &str, right: &str) -> Ordering {
    left.len().cmp(&right.len()).then_with(|| left.cmp(right))
}

pub(super) const fn too_deep<T>(offset: usize) -> Result<T, CborRefused> {
    Err(CborRefused::Broken { rule: CborRule::TooDeep, offset })
}
