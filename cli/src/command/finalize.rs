//! `finalize`

use super::Ended;
use crate::{args::Finalize, context::Context, output::Stop, render::package, store::Missing};

pub async fn run(arguments: Finalize, context: &mut Context) -> Result<Ended, Stop> {
    let record = context
        .with_store(Missing::Refuse, async |context, connection| {
            let finalizing = connection.finalize_package(&context.actor, arguments.package);
            Ok(context.change(finalizing).await?)
        })
        .await?;
    context.output.show(&package::json(&record, None), || package::shown(&record))?;
    Ok(Ended::Well)
}
