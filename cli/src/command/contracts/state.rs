//! `contracts state`

use artifactstore_types::Category;

use crate::{args::State, command::Ended, context::Context, output::Stop, render::contract, store::Missing};

pub async fn run(arguments: State, context: &mut Context) -> Result<Ended, Stop> {
    let State { stream, at } = arguments;
    let stream = super::stream(stream, context)?;
    let state = context
        .with_store(Missing::Refuse, async |context, connection| {
            Ok(context.until_stopped(connection.load_contract_state(&stream, at)).await?)
        })
        .await?;
    contract::show(&mut context.output, &state)?;
    Ok(if state.failed { Ended::With(Category::Invalid) } else { Ended::Well })
}
