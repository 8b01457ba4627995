//! The directory of a database, made so that a power cut does not take it away with everything that was committed in it: a
//! name is durable once the directory that holds it is synced.

use std::{
    fs::{self, File},
    io,
    path::{self, Path},
};

/// Makes a directory, with what is missing above it.
pub(super) fn make(directory: &Path) -> io::Result<()> {
    make_with(&path::absolute(directory)?, sync)
}

/// Makes the names in a directory durable.
pub(super) fn sync(directory: &Path) -> io::Result<()> {
    File::open(directory)?.sync_all()
}

fn make_with(directory: &Path, mut sync: impl FnMut(&Path) -> io::Result<()>) -> io::Result<()> {
    let missing: Vec<_> = directory.ancestors().take_while(|ancestor| !ancestor.is_dir()).collect();
    for made in missing.into_iter().rev() {
        match fs::create_dir(made) {
            // Somebody else was faster, who may not have come to sync it yet.
            Err(_) if made.is_dir() => {}
            created => created?,
        }
        if let Some(holds) = made.parent() {
            sync(holds)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_directory_that_is_made_is_synced_where_its_name_is() {
        let root = tempfile::tempdir().unwrap();
        let mut synced = Vec::new();
        let mut note = |path: &Path| {
            synced.push(path.strip_prefix(root.path()).unwrap().display().to_string());
            sync(path)
        };
        make_with(&root.path().join("a/b/c"), &mut note).unwrap();
        make_with(&root.path().join("a/b/d"), &mut note).unwrap();
        make_with(&root.path().join("a"), &mut note).unwrap();
        assert_eq!(synced, ["", "a", "a/b", "a/b"]);
        assert!(root.path().join("a/b/c").is_dir());
    }

    #[test]
    fn a_directory_whose_name_cannot_be_made_durable_is_a_failure() {
        let root = tempfile::tempdir().unwrap();
        let failed = make_with(&root.path().join("a"), |_| Err(io::Error::other("no disk"))).unwrap_err();
        assert_eq!(failed.to_string(), "no disk");
        fs::write(root.path().join("file"), "").unwrap();
        make(&root.path().join("file/below")).unwrap_err();
    }
}
