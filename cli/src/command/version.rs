//! `version`

use artifactstore_manifest::Manifest;
use serde::Serialize;

use super::Ended;
use crate::{context::Context, output::Stop};

#[derive(Serialize)]
struct VersionJson {
    name: &'static str,
    version: &'static str,
    manifest_version: u64,
}

pub fn run(context: &mut Context) -> Result<Ended, Stop> {
    let version =
        VersionJson { name: "artifactstore", version: env!("CARGO_PKG_VERSION"), manifest_version: Manifest::VERSION };
    context.output.show(&version, || format!("{} {}", version.name, version.version))?;
    Ok(Ended::Well)
}
