//! `contracts`: one file a part. Everything that is decided here is decided by the contracts' own crate.

mod append;
mod fixtures;
mod reduce;
mod schemas;
mod state;
mod validate;
mod verify;
mod watch;

use artifactstore_types::{ContractStream, Fault};

use super::Ended;
use crate::{
    args::{Contracts, StreamOf},
    context::Context,
    faults,
    output::Stop,
};

pub async fn run(part: Contracts, context: &mut Context) -> Result<Ended, Stop> {
    match part {
        Contracts::Validate(arguments) => validate::run(arguments, context).await,
        Contracts::Reduce(arguments) => reduce::run(arguments, context).await,
        Contracts::Schemas(arguments) => schemas::run(&arguments, context),
        Contracts::Fixtures(arguments) => fixtures::run(&arguments, context),
        Contracts::Append(arguments) => append::run(arguments, context).await,
        Contracts::State(arguments) => state::run(arguments, context).await,
        Contracts::Watch(arguments) => watch::run(arguments, context).await,
        Contracts::Verify(arguments) => verify::run(arguments, context).await,
    }
}

/// The stream that is meant, in the namespace that is worked in.
fn stream(of: StreamOf, context: &Context) -> Result<ContractStream, Fault> {
    let family = of.family.name.parse().map_err(faults::no_runtime)?;
    Ok(ContractStream { namespace: context.namespace.clone(), family, key: of.key })
}
