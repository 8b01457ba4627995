//! The database that upkeep works on, and the server beside it: what the settings of a process say, or a directory.

use std::path::Path;

use artifactstore_embedded::EmbeddedOptions;
use artifactstore_kit::{Settings, Sources};
use artifactstore_types::Fault;

use crate::{args::Global, context::Context, faults, told};

/// The settings of this process: a file, then the environment.
pub fn settings() -> Result<Settings, Fault> {
    let sources = Sources::of_process(told::VARIABLES).map_err(faults::settings_refused)?;
    Settings::load(&sources).map_err(faults::settings_refused)
}

/// The database as it may be shown: without a password.
pub fn shown(options: &EmbeddedOptions, settings: &Settings) -> String {
    if options.database_url == settings.database_url.expose() {
        settings.database_url.to_string()
    } else {
        options.database_url.clone()
    }
}

/// A store in the directory that was said, or where the settings have it.
pub fn options(global: &Global, context: &Context, settings: &Settings) -> Result<EmbeddedOptions, Fault> {
    if let Some(server) = &global.server {
        return Err(faults::not_through_server(server));
    }
    let mut options = match context.place.directory() {
        Some(directory) => EmbeddedOptions::in_directory(directory),
        None => EmbeddedOptions::at(settings.database_url.expose(), &settings.storage_local_root),
    };
    options.service.max_ingests = settings.max_ingests();
    Ok(options)
}

/// Refuses a database in a file that is not there.
pub fn require_existing(options: &EmbeddedOptions) -> Result<(), Fault> {
    match options.database_file() {
        Some(file) if !is_there(options) => Err(faults::no_store(file)),
        _ => Ok(()),
    }
}

/// Whether opening the database would not make it, where it is in a file: a new and empty one says nothing of the store that
/// was meant.
pub fn is_there(options: &EmbeddedOptions) -> bool {
    options.database_file().is_none_or(Path::exists)
}
