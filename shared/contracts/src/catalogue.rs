//! The catalogue of event families.
//!
//! A family is one folder beside this file: payloads, state, reducer, schemas, fixtures, and the [`Family`] that
//! describes it to the rest of the crate. The list below is the only place that names the families; validator, schemas,
//! fixtures and streams find everything through it. A third family is a folder and one line here.

mod family;
mod model_entry;
mod references;
mod stream_key;

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;

pub use family::{EventSelection, Family, FoldError, Folded, Occurrence, Payload, StreamFold};
pub use model_entry::ModelEntry;
pub use references::{FileReference, References};
pub use stream_key::StreamKey;

pub(crate) use family::embedded;

use crate::envelope::Event;
use crate::model::Model;

macro_rules! families {
    ($($family:ident),+ $(,)?) => {
        $( pub mod $family; )+

        /// Every family there is.
        pub static FAMILIES: &[&Family] = &[$( &$family::FAMILY ),+];

        /// The families' modules, for the root of the crate.
        pub(crate) mod families {
            pub use super::{$( $family ),+};
        }
    };
}

families! {
    mission_audit,
    mission_dossier,
}

/// The family with this name, such as `mission-audit`.
pub fn find_family(name: &str) -> Option<&'static Family> {
    FAMILIES.iter().copied().find(|family| family.name == name)
}

/// The family that an event type belongs to, with the type as the family has it.
pub fn find_family_of(event_type: &str) -> Option<(&'static Family, &'static str)> {
    FAMILIES.iter().find_map(|family| {
        let (known, _) = family.payloads.iter().find(|(known, _)| *known == event_type)?;
        Some((*family, *known))
    })
}

/// The envelope: a model that belongs to no family.
pub static ENVELOPE: ModelEntry = ModelEntry::of::<Event>();

/// The event type under which an envelope itself is validated.
pub const ENVELOPE_TYPE: &str = Event::NAME;

/// The checked-in schema of the envelope.
pub(crate) static ENVELOPE_SCHEMA: (&str, &str) =
    ("event.schema.json", include_str!("envelope/schemas/event.schema.json"));

/// Every type that can be validated, with its model: the envelope and each payload of each family.
pub fn models_by_type() -> impl Iterator<Item = (&'static str, &'static ModelEntry)> {
    let payloads = FAMILIES.iter().flat_map(|family| family.payloads.iter());
    std::iter::once((ENVELOPE_TYPE, &ENVELOPE)).chain(payloads.map(|(event_type, model)| (*event_type, model)))
}

/// Every model that has a schema.
pub fn models() -> impl Iterator<Item = &'static ModelEntry> {
    std::iter::once(&ENVELOPE).chain(FAMILIES.iter().flat_map(|family| family.models()))
}
