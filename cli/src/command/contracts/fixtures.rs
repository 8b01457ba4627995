//! `contracts fixtures`

use artifactstore_contracts::fixtures::{FixtureSet, ManifestEntry};

use crate::{args::Fixtures, command::Ended, context::Context, faults, output::Stop, render::contracts};

pub fn run(arguments: &Fixtures, context: &mut Context) -> Result<Ended, Stop> {
    let set = FixtureSet::compiled_in().map_err(faults::no_runtime)?;
    let wanted =
        |entry: &&ManifestEntry| arguments.category.as_ref().is_none_or(|category| entry.category() == category);
    let entries: Vec<_> = set.manifest().fixtures.iter().filter(wanted).collect();
    if !context.output.json {
        context.output.line(&contracts::fixtures(&entries))?;
        return Ok(Ended::Well);
    }
    for entry in entries {
        context.output.object(entry)?;
    }
    Ok(Ended::Well)
}
