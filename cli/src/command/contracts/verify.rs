//! `contracts verify`

use artifactstore_types::Category;
use futures::TryStreamExt as _;

use crate::{
    args::VerifyParity,
    command::Ended,
    context::Context,
    output::Stop,
    render::contract::{self, Tally},
    store::Missing,
};

pub async fn run(arguments: VerifyParity, context: &mut Context) -> Result<Ended, Stop> {
    let VerifyParity { stream, package } = arguments;
    let stream = super::stream(stream, context)?;
    let tally = context
        .with_store(Missing::Refuse, async |context, connection| {
            let mut found = connection.verify_dossier(&stream, package);
            let mut tally = Tally::default();
            while let Some(path) = context.until_stopped(found.try_next()).await? {
                tally.count(path.parity);
                if context.output.json {
                    context.output.object(&contract::parity_json(&path))?;
                } else if let Some(line) = contract::parity(&path) {
                    context.output.line(&line)?;
                }
            }
            Ok(tally)
        })
        .await?;
    if !context.output.json {
        context.output.line(&tally.shown())?;
    }
    Ok(if tally.drift() == 0 { Ended::Well } else { Ended::With(Category::DataLoss) })
}
