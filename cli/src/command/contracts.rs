//! `contracts`: one file a part. Everything that is decided here is decided by the contracts' own crate.

mod fixtures;
mod reduce;
mod schemas;
mod validate;

use super::Ended;
use crate::{args::Contracts, context::Context, output::Stop};

pub async fn run(part: Contracts, context: &mut Context) -> Result<Ended, Stop> {
    match part {
        Contracts::Validate(arguments) => validate::run(arguments, context).await,
        Contracts::Reduce(arguments) => reduce::run(arguments, context).await,
        Contracts::Schemas(arguments) => schemas::run(&arguments, context),
        Contracts::Fixtures(arguments) => fixtures::run(&arguments, context),
    }
}
