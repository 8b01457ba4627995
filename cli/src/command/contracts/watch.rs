//! `contracts watch`

use futures::TryStreamExt as _;

use crate::{args::Watch, command::Ended, context::Context, output::Stop, render::contract, store::Missing};

pub async fn run(arguments: Watch, context: &mut Context) -> Result<Ended, Stop> {
    let stream = super::stream(arguments.stream, context)?;
    context
        .with_store(Missing::Refuse, async |context, connection| {
            let mut states = artifactstore_client::watch(&connection, stream);
            while let Some(state) = context.until_stopped(states.try_next()).await? {
                contract::show(&mut context.output, &state)?;
                // Whoever watches sees a state at once.
                context.output.flush()?;
            }
            Ok(())
        })
        .await?;
    Ok(Ended::Well)
}
