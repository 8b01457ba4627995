//! What can be done about a fault: the advice on its page in `docs/errors`, compiled in. Every code has an entry there, so
//! no fault is without advice, and what the command says is what the page says.

/// The pages with the faults a user can meet.
const PAGES: [&str; 12] = [
    include_str!("../../docs/errors/cli.md"),
    include_str!("../../docs/errors/client.md"),
    include_str!("../../docs/errors/control-plane.md"),
    include_str!("../../docs/errors/data-plane.md"),
    include_str!("../../docs/errors/embedded.md"),
    include_str!("../../docs/errors/node.md"),
    include_str!("../../docs/errors/placement.md"),
    include_str!("../../docs/errors/registry.md"),
    include_str!("../../docs/errors/server.md"),
    include_str!("../../docs/errors/service.md"),
    include_str!("../../docs/errors/store.md"),
    include_str!("../../docs/errors/wire.md"),
];

/// The advice for a code; `None` for one that this version does not know, from a newer store.
pub fn find(code: &str) -> Option<String> {
    let heading = format!("\n## {code}\n");
    let (_, rest) = PAGES.iter().find_map(|page| page.split_once(&heading))?;
    let entry = before(rest, "\n## ");
    let (_, advice) = entry.split_once("\nDo: ")?;
    Some(plain(before(advice, "\n\n")))
}

fn before<'a>(text: &'a str, end: &str) -> &'a str {
    text.split_once(end).map_or(text, |(before, _)| before)
}

/// A paragraph of Markdown on one line, its links without their targets.
fn plain(paragraph: &str) -> String {
    let mut text = paragraph.trim_end().replace('\n', " ");
    while let Some(middle) = text.find("](")
        && let Some(start) = text[..middle].rfind('[')
        && let Some(length) = text[middle..].find(')')
    {
        text.replace_range(middle..=middle + length, "");
        text.remove(start);
    }
    text
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use super::*;

    /// Pages about what no user meets.
    const ELSEWHERE: [&str; 2] = ["README.md", "testing.md"];

    #[test]
    fn every_page_is_compiled_in_and_every_code_that_is_made_has_advice() {
        let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/errors");
        for file in fs::read_dir(directory).unwrap().map(Result::unwrap) {
            let page = fs::read_to_string(file.path()).unwrap();
            let name = file.file_name().into_string().unwrap();
            if ELSEWHERE.contains(&name.as_str()) {
                continue;
            }
            for entry in page.split("\n## ").skip(1) {
                let code = before(entry, "\n");
                // A code that nothing makes any more says so instead of when it comes.
                if entry.contains("\nWhen: ") {
                    assert!(find(code).is_some_and(|advice| !advice.is_empty()), "{name}: {code}");
                }
            }
        }
    }

    #[test]
    fn advice_is_one_line_without_targets_of_links() {
        assert_eq!(plain("see [a b](x.md#y), then `c[0]`\nand [d](e)\n"), "see a b, then `c[0]` and d");
        for page in PAGES {
            for entry in page.split("\n## ").skip(1) {
                let advice = find(before(entry, "\n")).unwrap_or_default();
                assert!(!advice.contains("](") && !advice.contains('\n'), "{advice}");
            }
        }
    }

    #[test]
    fn a_code_nobody_knows_has_none() {
        assert_eq!(find("AS-CLI-OTHER"), None);
        assert_eq!(find("AS-CLI"), None);
    }

    #[test]
    fn nobody_is_told_to_try_again_where_bytes_are_lost() {
        for code in ["AS-CLIENT-0013", "AS-DATA-0003", "AS-DATA-0006", "AS-STORE-0006", "AS-STORE-0014", "AS-SVC-0016"]
        {
            let advice = find(code).unwrap().to_lowercase();
            assert!(!advice.contains("try again"), "{code}: {advice}");
        }
    }
}
