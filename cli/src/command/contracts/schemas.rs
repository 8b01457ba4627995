//! `contracts schemas`

use std::path::Path;

use artifactstore_contracts::schemas::{self, CheckError};
use artifactstore_types::Category;

use crate::{args::Schemas, command::Ended, context::Context, faults, output::Stop, render::contracts};

pub fn run(arguments: &Schemas, context: &mut Context) -> Result<Ended, Stop> {
    let Schemas { check: only_check, out } = arguments;
    match out.as_deref() {
        directory if *only_check => check(directory, context),
        Some(directory) => write(directory, context),
        None => list(context),
    }
}

fn list(context: &mut Context) -> Result<Ended, Stop> {
    for file in schemas::generate_all() {
        context.output.show(&contracts::schema_json(&file).map_err(faults::no_runtime)?, || file.name.clone())?;
    }
    Ok(Ended::Well)
}

fn write(directory: &Path, context: &mut Context) -> Result<Ended, Stop> {
    let written = schemas::write(directory).map_err(|error| faults::not_written(directory.display(), &error))?;
    for path in written {
        context.output.show(&contracts::written_json(&path), || contracts::written(&path))?;
    }
    Ok(Ended::Well)
}

fn check(directory: Option<&Path>, context: &mut Context) -> Result<Ended, Stop> {
    let drift = match directory.map_or_else(schemas::check_compiled_in, schemas::check) {
        Ok(()) => Vec::new(),
        Err(CheckError::Drift(drift)) => drift,
        Err(CheckError::Io { path, error }) => return Err(faults::not_read(path.display(), &error).into()),
    };
    context.output.show(&contracts::drift_json(&drift), || contracts::drift(&drift))?;
    Ok(if drift.is_empty() { Ended::Well } else { Ended::With(Category::Invalid) })
}
