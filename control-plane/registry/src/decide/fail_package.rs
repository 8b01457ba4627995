//! Giving a package up. Giving it up again changes nothing: whoever repeats the request gets the same answer.

use artifactstore_types::PackageStatus;

use crate::{Decision, Event, Package, PackageCommand, Refusal, event::PackageFailed};

use super::require_open;

const MAX_REASON_BYTES: usize = 2_000;

pub(super) fn decide(package: &Package, command: &PackageCommand, reason: &str) -> Result<Decision, Refusal> {
    let shown = |c: char| !c.is_control() || matches!(c, '\n' | '\r' | '\t');
    if reason.is_empty() || reason.len() > MAX_REASON_BYTES || !reason.chars().all(shown) {
        return Err(Refusal::BadReason);
    }
    if package.status == PackageStatus::Failed {
        return Ok(Decision::nothing(command));
    }
    require_open(package)?;
    Ok(Decision::new(command.at, vec![Event::PackageFailed(PackageFailed { reason: reason.to_owned() })]))
}
