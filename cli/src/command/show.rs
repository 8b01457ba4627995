//! `show`

use artifactstore_client::list_all_files;
use futures::TryStreamExt as _;

use super::Ended;
use crate::{
    args::Show,
    context::Context,
    output::Stop,
    render::{file, package},
    store::Missing,
};

pub async fn run(arguments: Show, context: &mut Context) -> Result<Ended, Stop> {
    let Show { package: id, files } = arguments;
    let (record, files) = context
        .with_store(Missing::Refuse, async |context, connection| {
            let record = context.until_stopped(connection.load_package(id)).await?;
            let files: Option<Vec<_>> = if files {
                Some(context.until_stopped(list_all_files(&connection, id).try_collect()).await?)
            } else {
                None
            };
            Ok((record, files))
        })
        .await?;
    let listed = files.as_ref().map(|files| files.iter().map(file::json).collect());
    context.output.show(&package::json(&record, listed), || {
        let table = files.as_ref().map(|files| format!("\n\n{}", file::table(files)));
        package::shown(&record) + table.as_deref().unwrap_or_default()
    })?;
    Ok(Ended::Well)
}
