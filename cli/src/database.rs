//! The database that upkeep works on, and the server beside it: what the settings of a process say, or a directory.

use std::path::Path;

use artifactstore_embedded::EmbeddedOptions;
use artifactstore_kit::{Settings, Sources};
use artifactstore_types::Fault;

use crate::{args::Global, context::Context, faults, store};

/// The settings of this process: a file, then the environment.
pub fn settings() -> Result<Settings, Fault> {
    let sources = Sources::of_process(store::VARIABLES).map_err(faults::settings_refused)?;
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
    Ok(match context.place.directory() {
        Some(directory) => EmbeddedOptions::in_directory(directory),
        None => EmbeddedOptions::at(settings.database_url.expose(), &settings.storage_local_root),
    })
}

/// Refuses a database in a file that is not there: opening it would make it, and an empty one says nothing of the store
/// that was meant.
pub fn require_existing(options: &EmbeddedOptions) -> Result<(), Fault> {
    let file = options.database_url.strip_prefix("sqlite://").map(|file| file.split('?').next().unwrap_or(file));
    match file.map(Path::new) {
        Some(file) if !file.exists() => Err(faults::no_store(file)),
        _ => Ok(()),
    }
}
