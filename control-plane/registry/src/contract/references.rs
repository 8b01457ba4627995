//! The files that a state speaks of, whichever family it is of.

use artifactstore_contracts::catalogue::{FAMILIES, find_family};
use artifactstore_types::{ContractState, FamilyName};
use serde_json::value::RawValue;

use crate::Refusal;

pub use artifactstore_contracts::catalogue::{FileReference, References};

/// Refuses a family that is not known.
///
/// # Errors
/// The refusal, with the families that are.
pub fn require_family(family: &FamilyName) -> Result<(), Refusal> {
    find_family(family.as_str()).map(drop).ok_or_else(|| unknown(family))
}

/// The files that a state speaks of, in the order of their paths' bytes.
///
/// # Errors
/// A family that is not known, a stream without a state, and a state that is not one of its family.
pub fn references(state: &ContractState) -> Result<References, Refusal> {
    let family = find_family(state.stream.family.as_str()).ok_or_else(|| unknown(&state.stream.family))?;
    if state.failed {
        return Err(Refusal::NoState(state.json.clone()));
    }
    let read = serde_json::from_str::<&RawValue>(&state.json).and_then(family.references);
    let mut references = read.map_err(|error| Refusal::NoState(error.to_string()))?;
    references.files.sort_by(|left, right| left.path.cmp(&right.path));
    Ok(references)
}

fn unknown(family: &FamilyName) -> Refusal {
    Refusal::UnknownFamily { family: family.clone(), known: FAMILIES.iter().map(|family| family.name).collect() }
}
