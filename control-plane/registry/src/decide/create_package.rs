//! Creating a package: its class must exist, and what comes with it must be within bounds.

use artifactstore_types::{NewPackage, Value};

use crate::{Decision, Event, Facts, PackageCommand, Refusal, event::PackageCreated, retention};

pub(super) fn decide(facts: &Facts, command: &PackageCommand, new: &NewPackage) -> Result<Decision, Refusal> {
    Value::check_metadata(&new.metadata).map_err(Refusal::Metadata)?;
    new.provenance.check().map_err(Refusal::Provenance)?;
    let class = facts.find_class(&new.class).ok_or_else(|| Refusal::UnknownClass(new.class.clone()))?;
    let events = vec![
        Event::PackageCreated(PackageCreated::from(new.clone())),
        Event::DefaultApplied(retention::default_applied(class, command.at)),
    ];
    Ok(Decision::new(command.at, events))
}
