//! `fail`

use super::Ended;
use crate::{args::Fail, context::Context, output::Stop, render::package, store::Missing};

pub async fn run(arguments: Fail, context: &mut Context) -> Result<Ended, Stop> {
    let Fail { package: id, reason } = arguments;
    let record = context
        .with_store(Missing::Refuse, async |context, connection| {
            Ok(context.change(connection.fail_package(&context.actor, id, &reason)).await?)
        })
        .await?;
    context.output.show(&package::json(&record, None), || package::shown(&record))?;
    Ok(Ended::Well)
}
