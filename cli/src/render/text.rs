//! Text in columns, and text from elsewhere made safe to show.

use std::{borrow::Cow, fmt::Display};

use artifactstore_types::Timestamp;
use comfy_table::{ContentArrangement, Table, presets};
use indicatif::{BinaryBytes, HumanCount};

/// Text that was chosen by somebody else: what could move the cursor or change colours is escaped, line ends are kept.
pub fn safe(text: &str) -> Cow<'_, str> {
    let harmless = |c: char| !c.is_control() || c == '\n';
    if text.chars().all(harmless) {
        return Cow::Borrowed(text);
    }
    let escape = |c: char| if harmless(c) { c.to_string() } else { c.escape_default().to_string() };
    Cow::Owned(text.chars().map(escape).collect())
}

/// A name and a value a line, values aligned; values that are not there are left out.
pub fn fields(fields: &[(&str, Option<String>)]) -> String {
    let width = fields.iter().map(|(name, _)| name.len()).max().unwrap_or_default();
    let shown = fields.iter().filter_map(|(name, value)| value.as_ref().map(|value| (name, value)));
    shown.map(|(name, value)| format!("{name:width$}  {}", safe(value))).collect::<Vec<_>>().join("\n")
}

/// Rows under a header, without rules and without trailing space.
pub fn table(header: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled).set_header(header);
    for row in rows {
        table.add_row(row.iter().map(|cell| safe(cell).replace('\n', " ")));
    }
    table.lines().map(|line| line.trim().to_owned()).collect::<Vec<_>>().join("\n")
}

/// A number of bytes, short.
pub fn size(bytes: u64) -> String {
    BinaryBytes(bytes).to_string()
}

/// A time to the second, for tables; everything else shows it whole.
pub fn second(time: Timestamp) -> String {
    let whole = time.to_string();
    whole.split_once('.').map_or_else(|| whole.clone(), |(seconds, _)| format!("{seconds}Z"))
}

/// How many of something: `1 file`, `2 files`.
pub fn count(number: u64, one: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {one}{plural}", HumanCount(number))
}

/// A value that may not be there.
pub fn optional(value: Option<impl Display>) -> Option<String> {
    value.map(|value| value.to_string())
}
