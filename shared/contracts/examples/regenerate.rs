//! Writes every schema to where it is checked in, or with `--check` only says whether the checked-in ones have drifted.

use std::error::Error;
use std::path::Path;

use artifactstore_contracts::schemas;

fn main() -> Result<(), Box<dyn Error>> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    if std::env::args().any(|argument| argument == "--check") {
        schemas::check_in_tree(&src)?;
    } else {
        schemas::write_in_tree(&src)?;
    }
    Ok(())
}
