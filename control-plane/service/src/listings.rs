//! Listing packages and files, a page at a time.

use artifactstore_types::{
    Fault, FileRecord, PackageFilter, PackageId, PackageRecord, Page, PageSize, PageToken, RelativePath,
};

use crate::{
    Service,
    page_token::{FilesPosition, PackagesPosition},
};

impl Service {
    pub(crate) async fn list_packages(
        &self,
        filter: &PackageFilter,
        size: PageSize,
        token: Option<PageToken>,
    ) -> Result<Page<PackageRecord>, Fault> {
        let after = token.map(|token| PackagesPosition::read(&token, filter)).transpose()?;
        let after = after.map(|position| (position.created_at, position.package_id));
        // One more than asked for tells whether there is a next page.
        let mut items = self.store().list_packages(filter, after, size.items() + 1).await?;
        let more = items.len() > usize::from(size.items());
        items.truncate(usize::from(size.items()));
        let next = items
            .last()
            .filter(|_| more)
            .map(|last| PackagesPosition { created_at: last.created_at, package_id: last.package_id }.write(filter));
        Ok(Page { items, next })
    }

    pub(crate) async fn list_files(
        &self,
        package: PackageId,
        size: PageSize,
        token: Option<PageToken>,
    ) -> Result<Page<FileRecord>, Fault> {
        self.require_package(package).await?;
        let after = token.map(|token| FilesPosition::read(&token, package)).transpose()?;
        let after: Option<RelativePath> = after.map(|position| position.0);
        let mut items = self.store().list_files(package, after.as_ref(), u32::from(size.items()) + 1).await?;
        let more = items.len() > usize::from(size.items());
        items.truncate(usize::from(size.items()));
        let next = items.last().filter(|_| more).map(|last| FilesPosition(last.relative_path.clone()).write(package));
        Ok(Page { items, next })
    }
}
