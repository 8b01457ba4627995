//! Every fault code that appears in the code has a heading in `docs/errors/`, and no heading is left without its code.

use std::{collections::BTreeSet, path::Path};

pub fn check(root: &Path) -> Result<Vec<String>, String> {
    let mut made = BTreeSet::new();
    for path in crate::files_below(root, ".rs")? {
        let name = path.strip_prefix(root).unwrap_or(&path).display().to_string();
        if !name.contains("tests") {
            made.extend(codes(&std::fs::read_to_string(&path).map_err(|error| error.to_string())?, "\"AS-"));
        }
    }
    let mut documented = BTreeSet::new();
    for path in crate::files_below(&root.join("docs/errors"), ".md")? {
        documented.extend(codes(&std::fs::read_to_string(&path).map_err(|error| error.to_string())?, "## AS-"));
    }
    let missing = made.difference(&documented).map(|code| format!("{code} has no heading in docs/errors/"));
    let stale = documented.difference(&made).map(|code| format!("{code} is documented, but nothing makes it"));
    Ok(missing.chain(stale).collect())
}

/// The codes in `text` that stand right after `lead`, whose last three characters begin the code.
fn codes(text: &str, lead: &str) -> BTreeSet<String> {
    let starts = text.match_indices(lead).map(|(at, _)| at + lead.len() - 3);
    let whole = |start: usize| {
        let code: String = text[start..].chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
        let digits = code.rsplit('-').next().unwrap_or_default();
        (digits.len() == 4 && digits.bytes().all(|byte| byte.is_ascii_digit())).then_some(code)
    };
    starts.filter_map(whole).collect()
}
