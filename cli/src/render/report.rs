//! What pushing, pulling, verifying and upkeep did.

use artifactstore_client::{Finding, Pulled, Pushed, RefusedEntry, Verified};
use artifactstore_types::{ContentAddress, PackageId};
use serde::Serialize;

use super::text;

/// A push as JSON.
#[derive(Serialize)]
pub struct PushedJson<'a> {
    package_id: PackageId,
    /// Null where the package stays open.
    manifest_digest: Option<ContentAddress>,
    file_count: u64,
    bytes: u64,
    bytes_sent: u64,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    skipped: Vec<SkippedJson<'a>>,
}

#[derive(Serialize)]
struct SkippedJson<'a> {
    path: &'a str,
    reason: String,
}

/// A push as JSON.
pub fn pushed_json(pushed: &Pushed) -> PushedJson<'_> {
    PushedJson {
        package_id: pushed.package.package_id,
        manifest_digest: pushed.package.manifest_digest,
        file_count: pushed.file_count,
        bytes: pushed.bytes,
        bytes_sent: pushed.bytes_sent,
        skipped: skipped_json(&pushed.skipped),
    }
}

fn skipped_json(entries: &[RefusedEntry]) -> Vec<SkippedJson<'_>> {
    entries.iter().map(|entry| SkippedJson { path: &entry.path, reason: entry.reason.to_string() }).collect()
}

/// A push in lines.
pub fn pushed(pushed: &Pushed) -> String {
    let files = text::count(pushed.file_count, "file");
    let (bytes, sent) = (text::count(pushed.bytes, "byte"), text::count(pushed.bytes_sent, "byte"));
    text::fields(&[
        ("package", Some(pushed.package.package_id.to_string())),
        ("status", Some(pushed.package.status.name().to_owned())),
        ("manifest", text::optional(pushed.package.manifest_digest)),
        ("pushed", Some(format!("{files}, {bytes}; {sent} had to be sent"))),
    ])
}

/// What was left out on request, in lines.
pub fn skipped(entries: &[RefusedEntry]) -> String {
    let line = |entry: &RefusedEntry| text::safe(&format!("left out: {entry}")).into_owned();
    entries.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// A pull as JSON.
#[derive(Serialize)]
pub struct PulledJson<'a> {
    package_id: PackageId,
    manifest_digest: ContentAddress,
    file_count: u64,
    bytes: u64,
    directory: &'a str,
}

/// A pull as JSON.
pub fn pulled_json<'a>(pulled: &Pulled, directory: &'a str) -> PulledJson<'a> {
    PulledJson {
        package_id: pulled.package.package_id,
        manifest_digest: pulled.manifest_digest,
        file_count: pulled.file_count,
        bytes: pulled.bytes,
        directory,
    }
}

/// A pull in lines.
pub fn pulled(pulled: &Pulled, directory: &str) -> String {
    let (files, bytes) = (text::count(pulled.file_count, "file"), text::count(pulled.bytes, "byte"));
    text::fields(&[
        ("package", Some(pulled.package.package_id.to_string())),
        ("manifest", Some(pulled.manifest_digest.to_string())),
        ("pulled", Some(format!("{files}, {bytes}, into {directory}"))),
    ])
}

/// A verification as JSON.
#[derive(Serialize)]
pub struct VerifiedJson<'a> {
    package_id: PackageId,
    manifest_digest: Option<ContentAddress>,
    verified: bool,
    file_count: u64,
    bytes: u64,
    local_file_count: Option<u64>,
    findings: Vec<FindingJson<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    skipped: Vec<SkippedJson<'a>>,
}

#[derive(Serialize)]
struct FindingJson<'a> {
    kind: &'static str,
    path: Option<&'a str>,
    detail: &'a str,
}

/// A verification as JSON.
pub fn verified_json<'a>(verified: &'a Verified) -> VerifiedJson<'a> {
    let finding = |finding: &'a Finding| FindingJson {
        kind: finding.kind.name(),
        path: finding.path.as_deref(),
        detail: &finding.detail,
    };
    VerifiedJson {
        package_id: verified.package.package_id,
        manifest_digest: verified.package.manifest_digest,
        verified: verified.findings.is_empty(),
        file_count: verified.file_count,
        bytes: verified.bytes,
        local_file_count: verified.local_file_count,
        findings: verified.findings.iter().map(finding).collect(),
        skipped: skipped_json(&verified.skipped),
    }
}

/// A verification in lines: what was checked, then what was found.
pub fn verified(verified: &Verified) -> String {
    let (files, bytes) = (text::count(verified.file_count, "file"), text::count(verified.bytes, "byte"));
    let findings = verified.findings.len() as u64;
    let result = if findings == 0 { "nothing is wrong".to_owned() } else { text::count(findings, "finding") };
    let fields = text::fields(&[
        ("package", Some(verified.package.package_id.to_string())),
        ("manifest", text::optional(verified.package.manifest_digest)),
        ("read again", Some(format!("{files}, {bytes}, both digests"))),
        ("compared", verified.local_file_count.map(|count| format!("{} of the directory", text::count(count, "file")))),
        ("result", Some(result)),
    ]);
    let lines = verified.findings.iter().map(|finding| {
        let path = finding.path.as_deref().unwrap_or("the package");
        text::safe(&format!("{}: {path}: {}", finding.kind.name(), finding.detail)).into_owned()
    });
    std::iter::once(fields).chain(lines).collect::<Vec<_>>().join("\n")
}

/// A migration as JSON.
#[derive(Serialize)]
pub struct MigratedJson<'a> {
    pub applied: &'a [String],
}

/// A migration in lines.
pub fn migrated(applied: &[String]) -> String {
    if applied.is_empty() {
        return "nothing to apply; the database is up to date".to_owned();
    }
    applied.iter().map(|name| format!("applied  {name}")).collect::<Vec<_>>().join("\n")
}

/// A replay as JSON.
#[derive(Serialize)]
pub struct ReplayedJson {
    pub events: u64,
    pub head: u64,
}

/// A check of log and views as JSON.
#[derive(Serialize)]
pub struct CheckedJson<'a> {
    pub identical: bool,
    pub events: u64,
    pub head: u64,
    pub findings: &'a [String],
}

/// A replay in lines.
pub fn replayed(replayed: &ReplayedJson) -> String {
    format!("folded {} again, up to sequence {}", text::count(replayed.events, "event"), replayed.head)
}

/// A check of log and views in lines.
pub fn checked(checked: &CheckedJson<'_>) -> String {
    let read = format!("read {}, up to sequence {}", text::count(checked.events, "event"), checked.head);
    let findings = checked.findings.len() as u64;
    let result = if checked.identical {
        "every digest is right, and the views are what the log says, byte for byte".to_owned()
    } else {
        text::count(findings, "finding")
    };
    let lines = checked.findings.iter().map(|finding| text::safe(finding).into_owned());
    [read, result].into_iter().chain(lines).collect::<Vec<_>>().join("\n")
}
