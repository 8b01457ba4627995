//! Pages of a listing: on the wire, an empty token says that there is none.

use artifactstore_types::{Fault, FileRecord, PackageRecord, Page, PageSize, PageToken};

use crate::{field, v1};

/// The token as a message holds it.
pub fn encode_token(token: Option<PageToken>) -> String {
    token.map(|token| token.0).unwrap_or_default()
}

/// The token a message holds.
pub fn decode_token(text: String) -> Option<PageToken> {
    (!text.is_empty()).then_some(PageToken(text))
}

impl From<Page<PackageRecord>> for v1::ListPackagesResponse {
    fn from(page: Page<PackageRecord>) -> Self {
        let packages = page.items.into_iter().map(Into::into).collect();
        Self { packages, next_page_token: encode_token(page.next) }
    }
}

impl TryFrom<v1::ListPackagesResponse> for Page<PackageRecord> {
    type Error = Fault;

    fn try_from(page: v1::ListPackagesResponse) -> Result<Self, Fault> {
        let items = field::converted_list("packages", page.packages, PageSize::MAX.items().into())?;
        Ok(Self { items, next: decode_token(page.next_page_token) })
    }
}

impl From<Page<FileRecord>> for v1::ListFilesResponse {
    fn from(page: Page<FileRecord>) -> Self {
        let files = page.items.into_iter().map(Into::into).collect();
        Self { files, next_page_token: encode_token(page.next) }
    }
}

impl TryFrom<v1::ListFilesResponse> for Page<FileRecord> {
    type Error = Fault;

    fn try_from(page: v1::ListFilesResponse) -> Result<Self, Fault> {
        let items = field::converted_list("files", page.files, PageSize::MAX.items().into())?;
        Ok(Self { items, next: decode_token(page.next_page_token) })
    }
}
