//! `ls`

use std::num::NonZeroUsize;

use artifactstore_client::list_all_packages;
use artifactstore_types::PackageFilter;
use futures::{StreamExt as _, TryStreamExt as _};

use super::Ended;
use crate::{args::Ls, context::Context, output::Stop, render::package, store::Missing};

pub async fn run(arguments: Ls, context: &mut Context) -> Result<Ended, Stop> {
    let Ls { status, producer, subject, class, name, limit } = arguments;
    let filter = PackageFilter { namespace: context.namespace.clone(), status, producer, subject, class, name };
    let limit = limit.map_or(usize::MAX, NonZeroUsize::get);
    context
        .with_store(Missing::Refuse, async |context, connection| {
            let mut packages = list_all_packages(&connection, filter).take(limit);
            if !context.output.json {
                let packages: Vec<_> = context.until_stopped(packages.try_collect()).await?;
                return context.output.line(&package::table(&packages));
            }
            while let Some(record) = context.until_stopped(packages.try_next()).await? {
                context.output.object(&package::json(&record, None))?;
            }
            Ok(())
        })
        .await?;
    Ok(Ended::Well)
}
