//! How long a Rust file may be: a file that has outgrown this holds more than one thing.

use std::path::Path;

const MOST_LINES: usize = 600;

pub fn check(root: &Path) -> Result<Vec<String>, String> {
    let mut findings = Vec::new();
    for path in crate::files_below(root, ".rs")? {
        let lines = std::fs::read_to_string(&path).map_err(|error| error.to_string())?.lines().count();
        let name = path.strip_prefix(root).unwrap_or(&path).display().to_string();
        let is_test = name.ends_with("tests.rs") || name.contains("/tests/");
        if lines > MOST_LINES && !is_test {
            findings.push(format!("{name} has {lines} lines; {MOST_LINES} is the most"));
        }
    }
    Ok(findings)
}
