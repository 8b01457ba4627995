//! `pull`

use artifactstore_client::PullRequest;

use super::Ended;
use crate::{args::Pull, context::Context, output::Stop, render::report, store::Missing};

pub async fn run(arguments: Pull, context: &mut Context) -> Result<Ended, Stop> {
    let Pull { package, directory, overwrite, manifest_digest } = arguments;
    let request = PullRequest { package, directory: directory.clone(), overwrite, expected: manifest_digest };
    let pulled = context
        .with_store(Missing::Refuse, async |context, connection| {
            let progress = context.progress("pulling");
            Ok(artifactstore_client::pull(&connection, request, progress, context.stopping.asked()).await?)
        })
        .await?;
    let directory = directory.to_string_lossy();
    context.output.show(&report::pulled_json(&pulled, &directory), || report::pulled(&pulled, &directory))?;
    Ok(Ended::Well)
}
