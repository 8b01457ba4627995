//! `manifest`

use std::io::{self, IsTerminal as _};

use super::Ended;
use crate::{args::Manifest, context::Context, output::Stop, store::Missing, values::Format};

pub async fn run(arguments: Manifest, context: &mut Context) -> Result<Ended, Stop> {
    let Manifest { package, format } = arguments;
    // The bytes whose digest is the package's identity, except where they would be read as text.
    let is_text = context.output.json || io::stdout().is_terminal();
    let format = format.unwrap_or(if is_text { Format::Json } else { Format::Cbor });
    let bytes = context
        .with_store(Missing::Refuse, async |context, connection| {
            Ok(context.until_stopped(connection.load_manifest(package, format.into())).await?)
        })
        .await?;
    context.output.bytes(&bytes)?;
    Ok(Ended::Well)
}
