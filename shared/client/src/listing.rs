//! Whole listings: page after page, as a stream.

use std::sync::Arc;

use artifactstore_types::{Fault, FileRecord, PackageFilter, PackageId, PackageRecord, Page, PageSize, PageToken};
use futures::{StreamExt as _, TryStreamExt as _, future::BoxFuture, stream, stream::BoxStream};

use crate::{Connection, retry};

/// Every package the filter admits, the newest first.
pub fn list_all_packages(
    connection: &Arc<dyn Connection>,
    filter: PackageFilter,
) -> BoxStream<'static, Result<PackageRecord, Fault>> {
    let connection = Arc::clone(connection);
    pages(move |token| {
        let (connection, filter) = (Arc::clone(&connection), filter.clone());
        Box::pin(
            async move { retry::idempotent(|| connection.list_packages(&filter, PageSize::MAX, token.clone())).await },
        )
    })
}

/// Every file of a package, in the order of paths.
pub fn list_all_files(
    connection: &Arc<dyn Connection>,
    package: PackageId,
) -> BoxStream<'static, Result<FileRecord, Fault>> {
    let connection = Arc::clone(connection);
    pages(move |token| {
        let connection = Arc::clone(&connection);
        Box::pin(
            async move { retry::idempotent(|| connection.list_files(package, PageSize::MAX, token.clone())).await },
        )
    })
}

enum Next {
    First,
    At(PageToken),
    Done,
}

fn pages<T: Send + 'static>(
    load: impl Fn(Option<PageToken>) -> BoxFuture<'static, Result<Page<T>, Fault>> + Send + 'static,
) -> BoxStream<'static, Result<T, Fault>> {
    stream::try_unfold((load, Next::First), |(load, next)| async move {
        let token = match next {
            Next::First => None,
            Next::At(token) => Some(token),
            Next::Done => return Ok(None),
        };
        let page = load(token).await?;
        let next = page.next.map_or(Next::Done, Next::At);
        Ok(Some((stream::iter(page.items.into_iter().map(Ok)), (load, next))))
    })
    .try_flatten()
    .boxed()
}

#[cfg(test)]
mod tests;
