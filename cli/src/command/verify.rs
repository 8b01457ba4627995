//! `verify`

use artifactstore_client::VerifyRequest;
use artifactstore_types::Category;

use super::Ended;
use crate::{args::Verify, context::Context, output::Stop, render::report, store::Missing};

pub async fn run(arguments: Verify, context: &mut Context) -> Result<Ended, Stop> {
    let Verify { package, directory, skip_special, manifest_digest } = arguments;
    let request = VerifyRequest { package, directory, skip_special, expected: manifest_digest };
    let verified = context
        .with_store(Missing::Refuse, async |context, connection| {
            let progress = context.progress("verifying");
            Ok(context.until_stopped(artifactstore_client::verify(&connection, request, progress)).await?)
        })
        .await?;
    context.tell_skipped(&verified.skipped);
    context.output.show(&report::verified_json(&verified), || report::verified(&verified))?;
    Ok(if verified.findings.is_empty() { Ended::Well } else { Ended::With(Category::DataLoss) })
}
