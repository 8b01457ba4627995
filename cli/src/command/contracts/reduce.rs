//! `contracts reduce`

use std::{env, io};

use artifactstore_contracts::reduction::{Limits, ReduceError, reduce};
use artifactstore_types::{Category, Fault};

use crate::{args::Reduce, command::Ended, context::Context, faults, input, output::Stop};

pub async fn run(arguments: Reduce, context: &mut Context) -> Result<Ended, Stop> {
    let Reduce { family, file } = arguments;
    let reduced = context.apart(move || Ok(reduce(family, input::open(file.as_deref())?, &Limits::default()))).await?;
    match reduced {
        Ok(state) => {
            context.output.object(&state)?;
            Ok(Ended::Well)
        }
        Err(ReduceError::Failed(failure)) => {
            context.output.object(&failure)?;
            Ok(Ended::With(Category::Invalid))
        }
        Err(ReduceError::Io(error)) => Err(not_read_or_sorted(error).into()),
    }
}

/// What is no fault of the input came from the files that a long stream is sorted with.
fn not_read_or_sorted(error: io::Error) -> Fault {
    error.downcast::<Fault>().unwrap_or_else(|error| faults::not_sorted(&env::temp_dir(), &error))
}
