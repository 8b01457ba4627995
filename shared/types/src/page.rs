//! Pages of a listing.

/// How many items a page may have: 1 to 1,000, 100 where nothing is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageSize(u16);

impl PageSize {
    /// The most a page may have.
    pub const MAX: Self = Self(1000);

    /// Asked-for size brought into range: 0 is the default, more than the most is the most.
    pub fn clamped(asked: u32) -> Self {
        match asked {
            0 => Self::default(),
            more => Self(u16::try_from(more).unwrap_or(u16::MAX).min(Self::MAX.0)),
        }
    }

    /// The number of items.
    pub const fn items(self) -> u16 {
        self.0
    }
}

impl Default for PageSize {
    fn default() -> Self {
        Self(100)
    }
}

/// Where the next page starts: opaque to whoever holds it, good for the query that gave it and for no other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageToken(pub String);

/// One page of a listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// The items, in the listing's order.
    pub items: Vec<T>,
    /// Where the next page starts, if there is one.
    pub next: Option<PageToken>,
}
