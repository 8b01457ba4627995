//! `manifest`

use super::Ended;
use crate::{args::Manifest, context::Context, output::Stop, store::Missing};

pub async fn run(arguments: Manifest, context: &mut Context) -> Result<Ended, Stop> {
    let Manifest { package, format } = arguments;
    let bytes = context
        .with_store(Missing::Refuse, async |context, connection| {
            Ok(context.until_stopped(connection.load_manifest(package, format.into())).await?)
        })
        .await?;
    context.output.bytes(&bytes)?;
    Ok(Ended::Well)
}
