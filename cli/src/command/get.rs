//! `get`

use std::{
    fs::{self, OpenOptions, Permissions},
    io,
    os::unix::fs::PermissionsExt as _,
    path::Path,
};

use artifactstore_client::{ByteStream, Fetched, fetch};
use artifactstore_types::{ByteRange, Fault};
use futures::TryStreamExt as _;

use super::Ended;
use crate::{args::Get, context::Context, faults, output::Stop, render::file, store::Missing};

pub async fn run(arguments: Get, context: &mut Context) -> Result<Ended, Stop> {
    let Get { package, path, output, range } = arguments;
    let range = range.map_or(ByteRange::ALL, |range| range.0);
    context
        .with_store(Missing::Refuse, async |context, connection| {
            let fetched = context.until_stopped(fetch(&connection, package, &path, range)).await?;
            let Fetched { file: record, mut bytes, .. } = fetched;
            let Some(output) = output else {
                while let Some(chunk) = context.until_stopped(bytes.try_next()).await? {
                    context.output.bytes(&chunk)?;
                }
                return Ok(());
            };
            let mode = if record.executable { 0o777 } else { 0o666 };
            context.until_stopped(write(&output, mode, bytes)).await?;
            if context.output.json {
                context.output.object(&file::json(&record))?;
            }
            Ok(())
        })
        .await?;
    Ok(Ended::Well)
}

/// Writes beside the file first, so that it appears whole and right, or not at all. A file that is there keeps its mode, a
/// link is followed, and what is no file (a device, a named pipe) is written to, never replaced.
async fn write(output: &Path, mode: u32, bytes: ByteStream) -> Result<(), Fault> {
    let output = fs::canonicalize(output).unwrap_or_else(|_| output.to_owned());
    let failed = |error: &io::Error| faults::not_written(output.display(), error);
    let mode = match fs::metadata(&output) {
        Ok(there) if !there.is_file() => {
            let file = OpenOptions::new().write(true).open(&output).map_err(|error| failed(&error))?;
            return copy(bytes, file, failed).await;
        }
        Ok(there) => there.permissions().mode() & 0o777,
        Err(_) => mode,
    };
    let directory = output.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    // What any new file would have; the process's mask takes its part.
    builder.prefix(".artifactstore-get-").permissions(Permissions::from_mode(mode));
    let mut partial = builder.tempfile_in(directory).map_err(|error| failed(&without_path(error)))?;
    copy(bytes, &mut partial, |error| failed(error)).await?;
    partial.as_file().sync_all().map_err(|error| failed(&error))?;
    partial.persist(&output).map_err(|error| failed(&error.error))?;
    Ok(())
}

/// The system's own error, without the path of a file that nobody asked for.
fn without_path(error: io::Error) -> io::Error {
    let source = error.get_ref().and_then(|wrapped| wrapped.source()).and_then(|source| source.downcast_ref());
    source.and_then(io::Error::raw_os_error).map_or(error, io::Error::from_raw_os_error)
}

async fn copy(
    mut bytes: ByteStream,
    mut to: impl io::Write,
    failed: impl Fn(&io::Error) -> Fault,
) -> Result<(), Fault> {
    while let Some(chunk) = bytes.try_next().await? {
        to.write_all(&chunk).map_err(|error| failed(&without_path(error)))?;
    }
    Ok(())
}
