//! Listing packages. Their metadata may be large, so a page is gathered in steps, and ends where one more step would not
//! fit a message: it then holds fewer packages than were asked for, and says where to go on.

use artifactstore_client::Connection;
use artifactstore_types::{Fault, PackageFilter, PackageRecord, Page, PageSize, PageToken};
use artifactstore_wire::{encode_token, limits, v1};
use prost::Message as _;

/// How many packages are loaded at once.
const STEP: u16 = 100;
/// How many are when so many do not fit. At most 64 KiB of metadata and 97 KiB of provenance each, these always do.
const SMALL_STEP: u16 = 12;
/// How many bytes of packages a page holds; what is left of a message is for their frames and the token.
const PAGE_BYTES: usize = limits::MESSAGE_BYTES - 64 * 1024;

/// A page of at most `size` packages that fits a message.
pub async fn packages(
    connection: &dyn Connection,
    filter: &PackageFilter,
    size: PageSize,
    mut token: Option<PageToken>,
) -> Result<v1::ListPackagesResponse, Fault> {
    let mut packages = Vec::new();
    let (mut bytes, mut step) = (0, STEP);
    loop {
        let left = usize::from(size.items()) - packages.len();
        let next = PageSize::clamped(u32::from(step).min(u32::try_from(left).unwrap_or(u32::MAX)));
        let page: Page<PackageRecord> = connection.list_packages(filter, next, token.clone()).await?;
        let more: Vec<v1::PackageRecord> = page.items.into_iter().map(Into::into).collect();
        let more_bytes: usize = more.iter().map(|package| package.encoded_len() + 8).sum();
        if bytes + more_bytes > PAGE_BYTES {
            if packages.is_empty() && step > SMALL_STEP {
                step = SMALL_STEP;
                continue;
            }
            break;
        }
        (bytes, token) = (bytes + more_bytes, page.next);
        packages.extend(more);
        if token.is_none() || packages.len() >= usize::from(size.items()) {
            break;
        }
    }
    Ok(v1::ListPackagesResponse { packages, next_page_token: encode_token(token) })
}
