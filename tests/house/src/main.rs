//! Checks that the tree keeps its own rules, from the workspace's root: which crate may depend on which
//! (`docs/ARCHITECTURE.md` holds the table), how long a Rust file may be, that both engines have the same migrations,
//! and that every fault code has its page. Prints what is wrong, a line each, and fails if anything is.

mod edges;
mod fault_pages;
mod file_sizes;
mod migrations;

use std::{path::Path, process::ExitCode};

/// Looks at the tree and says what breaks a rule, a line each; fails where it cannot look.
type Check = fn(&Path) -> Result<Vec<String>, String>;

fn main() -> ExitCode {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let checks: [(&str, Check); 4] = [
        ("allowed edges", edges::check),
        ("file sizes", file_sizes::check),
        ("migrations", migrations::check),
        ("fault pages", fault_pages::check),
    ];
    let mut failed = false;
    for (name, check) in checks {
        let findings = check(&root).unwrap_or_else(|unable| vec![format!("could not be checked: {unable}")]);
        failed |= !findings.is_empty();
        say(&format!("{name}: {}", if findings.is_empty() { "kept" } else { "BROKEN" }));
        for finding in findings {
            say(&format!("  {finding}"));
        }
    }
    if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

#[expect(clippy::print_stdout, reason = "this program's whole purpose is to say what it found")]
fn say(line: &str) {
    println!("{line}");
}

/// Every file below `folder` whose name ends in `suffix`, in order of path, leaving out build output and history.
fn files_below(folder: &Path, suffix: &str) -> Result<Vec<std::path::PathBuf>, String> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).map_err(|error| format!("{}: {error}", folder.display()))? {
            let path = entry.map_err(|error| error.to_string())?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if path.is_dir() && !name.starts_with('.') && name != "target" && name != "var" {
                folders.push(path);
            } else if name.ends_with(suffix) {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}
