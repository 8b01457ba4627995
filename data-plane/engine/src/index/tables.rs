//! The index as tables in one file, and every transaction on them. Blocking, and it knows neither packs nor stores.
//!
//! ```text
//! blobs   BLAKE3 32            → pack id 16, offset u64, length u64, check 8
//! packs   pack id 16           → size u64, sealed at i64, number of blobs u64
//! dead    pack id 16, BLAKE3 32 → 0 while the tombstone is being written, 1 when it is durable
//! damaged pack id 16, BLAKE3 32 → nothing
//! facts   name                 → number
//! ```
//!
//! Rows of `blobs` carry a check of their own (the first bytes of a BLAKE3 over key and value), so that a flipped bit in
//! the file is a missing row and never a wrong place.

use std::{
    collections::{BTreeMap, BTreeSet},
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
};

use artifactstore_types::{ContentAddress, Timestamp};
use redb::{
    Builder, Database, Durability, ReadableDatabase as _, ReadableTable, ReadableTableMetadata as _, TableDefinition,
    WriteTransaction, backends::InMemoryBackend,
};

use super::PackedAt;
use crate::{keys::PackId, pack::format::Footer};

const BLOBS: TableDefinition<'_, &[u8; 32], &[u8; 40]> = TableDefinition::new("blobs");
const PACKS: TableDefinition<'_, &[u8; 16], &[u8; 24]> = TableDefinition::new("packs");
const DEAD: TableDefinition<'_, &[u8; 48], u8> = TableDefinition::new("dead");
const DAMAGED: TableDefinition<'_, &[u8; 48], ()> = TableDefinition::new("damaged");
const FACTS: TableDefinition<'_, &str, u64> = TableDefinition::new("facts");

/// The layout of these tables; a file of another layout is made anew.
const LAYOUT: u64 = 1;
/// How much of the file is kept in memory.
const CACHE_BYTES: usize = 32 * 1024 * 1024;

type Result<T> = std::result::Result<T, TablesFailed>;

/// The file could not be read or written, or makes no sense.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub(super) struct TablesFailed(Box<redb::Error>);

impl TablesFailed {
    /// Whether only somebody else having the file open is in the way.
    pub fn is_open_elsewhere(&self) -> bool {
        matches!(*self.0, redb::Error::DatabaseAlreadyOpen)
    }
}

macro_rules! tables_failed {
    ($($error:ty)+) => {
        $(
            impl From<$error> for TablesFailed {
                fn from(error: $error) -> Self {
                    Self(Box::new(error.into()))
                }
            }
        )+
    };
}

tables_failed! {
    redb::Error
    redb::DatabaseError
    redb::TransactionError
    redb::SetDurabilityError
    redb::TableError
    redb::StorageError
    redb::CommitError
}

/// What is known of a pack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PackRow {
    pub size: u64,
    pub sealed_at: Timestamp,
}

/// Whether a deletion has its tombstone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Death {
    /// The tombstone may not be in the backend yet.
    Pending,
    /// The tombstone is durable.
    Settled,
}

/// The tables of one backend.
pub(super) struct Tables {
    /// Taken when dropped, and never else.
    database: Option<Database>,
}

impl Drop for Tables {
    fn drop(&mut self) {
        let database = self.database.take();
        // Closing a file whose pages contradict each other can panic; it is a cache, and made anew when next opened.
        if catch_unwind(AssertUnwindSafe(|| drop(database))).is_err() {
            tracing::error!("the index of packed blobs could not be closed in order");
        }
    }
}

/// A row of `blobs` without what its pack says.
struct BlobRow {
    pack: PackId,
    offset: u64,
    length: u64,
}

impl BlobRow {
    fn encode(&self, address: &[u8; 32]) -> [u8; 40] {
        let mut value = [0; 40];
        value[..16].copy_from_slice(self.pack.bytes());
        value[16..24].copy_from_slice(&self.offset.to_be_bytes());
        value[24..32].copy_from_slice(&self.length.to_be_bytes());
        let check = check(address, &value);
        value[32..].copy_from_slice(&check);
        value
    }

    /// Fails where the row is not what was written, which puts the whole index aside.
    fn read(address: &[u8; 32], value: &[u8; 40]) -> Result<Self> {
        let torn = || redb::Error::Corrupted("a row is not what was written".to_owned());
        Self::decode(address, value).ok_or_else(|| torn().into())
    }

    fn decode(address: &[u8; 32], value: &[u8; 40]) -> Option<Self> {
        let (pack, rest) = value.split_first_chunk::<16>()?;
        let (offset, rest) = rest.split_first_chunk::<8>()?;
        let (length, found) = rest.split_first_chunk::<8>()?;
        let intact = *found == check(address, value);
        intact.then(|| Self {
            pack: PackId::from_bytes(*pack),
            offset: u64::from_be_bytes(*offset),
            length: u64::from_be_bytes(*length),
        })
    }
}

fn check(address: &[u8; 32], value: &[u8; 40]) -> [u8; 8] {
    let mut covered = [0; 64];
    covered[..32].copy_from_slice(address);
    covered[32..].copy_from_slice(&value[..32]);
    let digest = blake3::hash(&covered);
    let mut check = [0; 8];
    check.copy_from_slice(&digest.as_bytes()[..8]);
    check
}

fn decode_pack(value: &[u8; 24]) -> Option<PackRow> {
    let (size, rest) = value.split_first_chunk::<8>()?;
    let (sealed_at, _) = rest.split_first_chunk::<8>()?;
    let sealed_at = Timestamp::from_micros(i64::from_be_bytes(*sealed_at)).ok()?;
    Some(PackRow { size: u64::from_be_bytes(*size), sealed_at })
}

fn noted_key(pack: PackId, address: ContentAddress) -> [u8; 48] {
    let mut key = [0; 48];
    key[..16].copy_from_slice(pack.bytes());
    key[16..].copy_from_slice(address.bytes());
    key
}

/// The first and last keys that something noted of a blob of a pack can have.
fn noted_keys(pack: PackId) -> ([u8; 48], [u8; 48]) {
    let (first, last) = ([0; 32], [0xff; 32]);
    let (first, last) = (ContentAddress::from_blake3(first), ContentAddress::from_blake3(last));
    (noted_key(pack, first), noted_key(pack, last))
}

impl Tables {
    /// Opens the file at `path`, or tables in memory.
    pub fn open(path: Option<&Path>) -> Result<Self> {
        let mut builder = Builder::new();
        builder.set_cache_size(CACHE_BYTES);
        let database = match path {
            Some(path) => builder.create(path),
            None => builder.create_with_backend(InMemoryBackend::new()),
        };
        let tables = Self { database: Some(database?) };
        tables.change(Durability::Immediate, |change| {
            change.open_table(BLOBS)?;
            change.open_table(PACKS)?;
            change.open_table(DEAD)?;
            change.open_table(DAMAGED)?;
            let mut facts = change.open_table(FACTS)?;
            let layout = facts.get("layout")?.map(|found| found.value());
            match layout {
                Some(LAYOUT) => Ok(()),
                None => Ok(facts.insert("layout", LAYOUT).map(drop)?),
                Some(_) => Err(redb::Error::Corrupted("the index has another layout".to_owned()).into()),
            }
        })?;
        Ok(tables)
    }

    fn database(&self) -> Result<&Database> {
        self.database.as_ref().ok_or_else(|| redb::Error::DatabaseClosed.into())
    }

    fn change<T>(&self, durability: Durability, work: impl FnOnce(&WriteTransaction) -> Result<T>) -> Result<T> {
        let mut change = self.database()?.begin_write()?;
        change.set_durability(durability)?;
        // With it, opening after a crash takes no longer than opening after an orderly end.
        change.set_quick_repair(matches!(durability, Durability::Immediate));
        let answer = work(&change)?;
        change.commit()?;
        Ok(answer)
    }

    /// Writes everything so far to the file.
    pub fn checkpoint(&self) -> Result<()> {
        self.change(Durability::Immediate, |_| Ok(()))
    }

    /// Whether every pack and tombstone of the backend has been read in once.
    pub fn is_complete(&self) -> Result<bool> {
        let read = self.database()?.begin_read()?;
        let facts = read.open_table(FACTS)?;
        Ok(facts.get("complete")?.is_some())
    }

    pub fn set_complete(&self) -> Result<()> {
        self.change(Durability::Immediate, |change| {
            let mut facts = change.open_table(FACTS)?;
            Ok(facts.insert("complete", 1).map(drop)?)
        })
    }

    pub fn newest_pack(&self) -> Result<Option<PackId>> {
        let read = self.database()?.begin_read()?;
        let packs = read.open_table(PACKS)?;
        let last = packs.last()?;
        Ok(last.map(|(id, _)| PackId::from_bytes(*id.value())))
    }

    pub fn find_pack(&self, pack: PackId) -> Result<Option<PackRow>> {
        let read = self.database()?.begin_read()?;
        let packs = read.open_table(PACKS)?;
        let found = packs.get(pack.bytes())?;
        Ok(found.and_then(|row| decode_pack(row.value())))
    }

    /// Where these blobs lie, for those that are known.
    pub fn find(&self, addresses: &[ContentAddress]) -> Result<Vec<(ContentAddress, PackedAt)>> {
        let read = self.database()?.begin_read()?;
        let blobs = read.open_table(BLOBS)?;
        if blobs.is_empty()? {
            return Ok(Vec::new());
        }
        let packs = read.open_table(PACKS)?;
        let mut known = BTreeMap::new();
        let mut found = Vec::new();
        for address in addresses {
            let Some(value) = blobs.get(address.bytes())? else { continue };
            let row = BlobRow::read(address.bytes(), value.value())?;
            if let Some(pack) = known_pack(&packs, &mut known, row.pack)? {
                found.push((*address, at(&row, pack)));
            }
        }
        Ok(found)
    }

    /// At most `limit` blobs in the order of their addresses.
    pub fn page(&self, after: Option<ContentAddress>, limit: usize) -> Result<Vec<(ContentAddress, PackedAt)>> {
        use std::ops::Bound;
        let read = self.database()?.begin_read()?;
        let blobs = read.open_table(BLOBS)?;
        let packs = read.open_table(PACKS)?;
        let mut known = BTreeMap::new();
        let mut page = Vec::new();
        let start = after.as_ref().map_or(Bound::Unbounded, |after| Bound::Excluded(after.bytes()));
        for row in blobs.range::<&[u8; 32]>((start, Bound::Unbounded))? {
            let (address, value) = row?;
            let row = BlobRow::read(address.value(), value.value())?;
            if let Some(pack) = known_pack(&packs, &mut known, row.pack)? {
                page.push((ContentAddress::from_blake3(*address.value()), at(&row, pack)));
            }
            if page.len() == limit {
                break;
            }
        }
        Ok(page)
    }

    /// Takes in what packs hold. The newest pack that holds a blob is where the blob lies; what is dead stays dead, and
    /// what is damaged does not lie there.
    pub fn record(&self, footers: &[Footer], durability: Durability) -> Result<()> {
        self.change(durability, |change| {
            let mut blobs = change.open_table(BLOBS)?;
            let mut packs = change.open_table(PACKS)?;
            let (dead, damaged) = (change.open_table(DEAD)?, change.open_table(DAMAGED)?);
            for footer in footers {
                let mut left_out = noted(&dead, footer.id)?;
                left_out.extend(noted(&damaged, footer.id)?);
                let living = footer.entries.iter().filter(|entry| !left_out.contains(&entry.address));
                let mut entries: Vec<_> = living.collect();
                // In the order of the tree, neighbours share pages.
                entries.sort_unstable_by_key(|entry| entry.address);
                for entry in entries {
                    let key = entry.address.bytes();
                    let row = BlobRow { pack: footer.id, offset: entry.offset, length: entry.length }.encode(key);
                    let before = blobs.insert(key, &row)?.map(|before| *before.value());
                    let newer = before
                        .filter(|before| BlobRow::decode(key, before).is_some_and(|before| before.pack > footer.id));
                    if let Some(newer) = newer {
                        blobs.insert(key, &newer)?;
                    }
                }
                let mut row = [0; 24];
                row[..8].copy_from_slice(&footer.pack_bytes().to_be_bytes());
                row[8..16].copy_from_slice(&footer.sealed_at.micros().to_be_bytes());
                row[16..].copy_from_slice(&(footer.entries.len() as u64).to_be_bytes());
                packs.insert(footer.id.bytes(), &row)?;
            }
            Ok(())
        })
    }

    /// How a blob of a pack died, if it did.
    pub fn find_death(&self, pack: PackId, address: ContentAddress) -> Result<Option<Death>> {
        let read = self.database()?.begin_read()?;
        let dead = read.open_table(DEAD)?;
        Ok(dead.get(&noted_key(pack, address))?.map(|row| death(row.value())))
    }

    /// The dead of a pack.
    pub fn dead_of(&self, pack: PackId) -> Result<BTreeMap<ContentAddress, Death>> {
        let read = self.database()?.begin_read()?;
        let dead = read.open_table(DEAD)?;
        let (first, last) = noted_keys(pack);
        let mut found = BTreeMap::new();
        for row in dead.range::<&[u8; 48]>(&first..=&last)? {
            let (key, value) = row?;
            if let Some(address) = key.value().last_chunk::<32>() {
                found.insert(ContentAddress::from_blake3(*address), death(value.value()));
            }
        }
        Ok(found)
    }

    /// Notes deaths; a blob that lies where it died is forgotten.
    pub fn mark_dead(
        &self,
        pack: PackId,
        addresses: &[ContentAddress],
        how: Death,
        durability: Durability,
    ) -> Result<()> {
        let value = u8::from(how == Death::Settled);
        self.change(durability, |change| {
            let mut dead = change.open_table(DEAD)?;
            for address in addresses {
                dead.insert(&noted_key(pack, *address), value)?;
            }
            forget_blobs(change, pack, addresses)
        })
    }

    /// Whether a blob was found damaged in a pack.
    pub fn is_damaged(&self, pack: PackId, address: ContentAddress) -> Result<bool> {
        let read = self.database()?.begin_read()?;
        let damaged = read.open_table(DAMAGED)?;
        Ok(damaged.get(&noted_key(pack, address))?.is_some())
    }

    /// Notes damage; a blob that lies where it is damaged is forgotten.
    pub fn mark_damaged(&self, pack: PackId, addresses: &[ContentAddress], durability: Durability) -> Result<()> {
        self.change(durability, |change| {
            let mut damaged = change.open_table(DAMAGED)?;
            for address in addresses {
                damaged.insert(&noted_key(pack, *address), ())?;
            }
            forget_blobs(change, pack, addresses)
        })
    }

    /// Forgets a pack that was removed, what was noted of its blobs, and those of these blobs that lay in it.
    pub fn forget_pack(&self, pack: PackId, addresses: &[ContentAddress]) -> Result<()> {
        self.change(Durability::None, |change| {
            change.open_table(PACKS)?.remove(pack.bytes())?;
            let (first, last) = noted_keys(pack);
            change.open_table(DEAD)?.retain_in::<&[u8; 48], _>(&first..=&last, |_, _| false)?;
            change.open_table(DAMAGED)?.retain_in::<&[u8; 48], _>(&first..=&last, |_, ()| false)?;
            forget_blobs(change, pack, addresses)
        })
    }
}

/// The blobs of a pack that something is noted of.
fn noted<V: redb::Value + 'static>(
    table: &impl ReadableTable<&'static [u8; 48], V>,
    pack: PackId,
) -> Result<BTreeSet<ContentAddress>> {
    let (first, last) = noted_keys(pack);
    let mut found = BTreeSet::new();
    for row in table.range::<&[u8; 48]>(&first..=&last)? {
        let (key, _) = row?;
        found.extend(key.value().last_chunk::<32>().map(|address| ContentAddress::from_blake3(*address)));
    }
    Ok(found)
}

fn forget_blobs(change: &WriteTransaction, pack: PackId, addresses: &[ContentAddress]) -> Result<()> {
    let mut blobs = change.open_table(BLOBS)?;
    for address in addresses {
        let key = address.bytes();
        let lies_here = blobs.get(key)?.is_some_and(|row| row.value()[..16] == pack.bytes()[..]);
        if lies_here {
            blobs.remove(key)?;
        }
    }
    Ok(())
}

fn known_pack(
    packs: &redb::ReadOnlyTable<&[u8; 16], &[u8; 24]>,
    known: &mut BTreeMap<PackId, Option<PackRow>>,
    id: PackId,
) -> Result<Option<PackRow>> {
    if let Some(row) = known.get(&id) {
        return Ok(*row);
    }
    let row = packs.get(id.bytes())?.and_then(|row| decode_pack(row.value()));
    known.insert(id, row);
    Ok(row)
}

fn at(row: &BlobRow, pack: PackRow) -> PackedAt {
    PackedAt {
        pack: row.pack,
        offset: row.offset,
        length: row.length,
        pack_bytes: pack.size,
        sealed_at: pack.sealed_at,
    }
}

const fn death(value: u8) -> Death {
    if value == 0 { Death::Pending } else { Death::Settled }
}
