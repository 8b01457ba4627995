//! Which crate may depend on which, and which crates may use a library that others must not see.

use std::{collections::BTreeMap, path::Path, process::Command};

use serde_json::Value;

/// What each crate may depend on, from the two tables in `docs/ARCHITECTURE.md`.
struct Allowed {
    crates: BTreeMap<String, Vec<String>>,
    libraries: BTreeMap<String, Vec<String>>,
}

pub fn check(root: &Path) -> Result<Vec<String>, String> {
    let page = root.join("docs/ARCHITECTURE.md");
    let text = std::fs::read_to_string(&page).map_err(|error| format!("{}: {error}", page.display()))?;
    let allowed =
        Allowed { crates: table(&text, "| crate | may use |")?, libraries: table(&text, "| library | only in |")? };
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(root)
        .output()
        .map_err(|error| error.to_string())?;
    let metadata: Value = serde_json::from_slice(&output.stdout).map_err(|error| error.to_string())?;
    let packages = metadata["packages"].as_array().ok_or("cargo metadata lists no packages")?;
    Ok(packages.iter().flat_map(|package| findings(package, &allowed)).collect())
}

fn findings(package: &Value, allowed: &Allowed) -> Vec<String> {
    let name = short(package["name"].as_str().unwrap_or_default());
    let Some(crates) = allowed.crates.get(name) else {
        return vec![format!("{name} has no row in docs/ARCHITECTURE.md")];
    };
    let mut found = Vec::new();
    for dependency in package["dependencies"].as_array().into_iter().flatten() {
        // What only tests use does not reach whoever depends on the crate.
        if dependency["kind"] == "dev" {
            continue;
        }
        let dependency = dependency["name"].as_str().unwrap_or_default();
        if dependency.starts_with("artifactstore-") {
            if !crates.iter().any(|one| one == short(dependency)) {
                found.push(format!("{name} must not depend on {}", short(dependency)));
            }
        } else if let Some(only) = allowed.libraries.get(dependency)
            && !only.iter().any(|one| one == name)
        {
            found.push(format!("{name} must not use {dependency}: only {} may", only.join(", ")));
        }
    }
    found
}

fn short(name: &str) -> &str {
    name.strip_prefix("artifactstore-").unwrap_or(name)
}

/// The rows of the Markdown table under `header`: the first cell, then the words of the second.
fn table(text: &str, header: &str) -> Result<BTreeMap<String, Vec<String>>, String> {
    let after = text.split_once(header).ok_or_else(|| format!("no table {header:?}"))?.1;
    let rows = after.lines().skip(2).take_while(|line| line.starts_with('|'));
    let rows = rows.map(|row| {
        let mut cells = row.trim_matches('|').split('|').map(|cell| cell.replace('`', ""));
        let first = cells.next().unwrap_or_default().trim().to_owned();
        let words = cells.next().unwrap_or_default();
        (first, words.split([',', ' ']).filter(|word| !word.is_empty()).map(str::to_owned).collect())
    });
    Ok(rows.collect())
}
