//! Page tokens: a position in a listing, bound to the query that gave it. A token is hexadecimal: eight bytes that
//! digest query and position together, then the position. One that was altered, or comes with another query, is
//! refused; it is no secret and protects nothing.

use artifactstore_types::{Fault, PackageFilter, PackageId, PageToken, RelativePath, Timestamp};

use crate::faults;

const SEAL_BYTES: usize = 8;

/// After which package the next page of a package listing starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PackagesPosition {
    pub created_at: Timestamp,
    pub package_id: PackageId,
}

impl PackagesPosition {
    pub fn write(self, filter: &PackageFilter) -> PageToken {
        let mut position = self.created_at.micros().to_be_bytes().to_vec();
        position.extend_from_slice(self.package_id.uuid().as_bytes());
        write(&packages_query(filter), &position)
    }

    pub fn read(token: &PageToken, filter: &PackageFilter) -> Result<Self, Fault> {
        let position = read(token, &packages_query(filter))?;
        let (micros, id) = position.split_at_checked(8).ok_or_else(faults::foreign_page_token)?;
        let micros = micros.try_into().map(i64::from_be_bytes).map_err(|_| faults::foreign_page_token())?;
        let created_at = Timestamp::from_micros(micros).map_err(|_| faults::foreign_page_token())?;
        let id: [u8; 16] = id.try_into().map_err(|_| faults::foreign_page_token())?;
        Ok(Self { created_at, package_id: PackageId::from_bytes(id) })
    }
}

/// After which path the next page of a file listing starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilesPosition(pub RelativePath);

impl FilesPosition {
    pub fn write(&self, package: PackageId) -> PageToken {
        write(&files_query(package), self.0.as_str().as_bytes())
    }

    pub fn read(token: &PageToken, package: PackageId) -> Result<Self, Fault> {
        let position = read(token, &files_query(package))?;
        let path = String::from_utf8(position).map_err(|_| faults::foreign_page_token())?;
        RelativePath::new(path).map(Self).map_err(|_| faults::foreign_page_token())
    }
}

// The debug form of a filter names every field, so two filters that differ have texts that differ.
fn packages_query(filter: &PackageFilter) -> String {
    format!("packages {filter:?}")
}

fn files_query(package: PackageId) -> String {
    format!("files {package}")
}

fn seal(query: &str, position: &[u8]) -> [u8; SEAL_BYTES] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&(query.len() as u64).to_be_bytes()).update(query.as_bytes()).update(position);
    let mut seal = [0; SEAL_BYTES];
    hasher.finalize_xof().fill(&mut seal);
    seal
}

fn write(query: &str, position: &[u8]) -> PageToken {
    PageToken(hex::encode([&seal(query, position), position].concat()))
}

fn read(token: &PageToken, query: &str) -> Result<Vec<u8>, Fault> {
    let bytes = hex::decode(&token.0).map_err(|_| faults::foreign_page_token())?;
    match bytes.split_at_checked(SEAL_BYTES) {
        Some((found, position)) if found == seal(query, position) => Ok(position.to_vec()),
        _ => Err(faults::foreign_page_token()),
    }
}
