//! Loads what decisions need, inside the transaction that holds the log's lock: nothing read here can change before what
//! is decided on it is committed.

use std::{borrow::Cow, collections::HashMap};

use artifactstore_registry::{Facts, Needs, Package};
use artifactstore_types::{Fault, PackageId, Sequence};

use super::{
    Session, decode,
    engine::{Column, Engine, Rows},
};

impl<E: Engine> Session<'_, E> {
    /// The sequence of the last event.
    pub(super) async fn load_head(&mut self) -> Result<Sequence, Fault> {
        let rows = self.fetch(&E::STATEMENTS.load_head, &[]).await?;
        let row = rows.first().ok_or_else(|| crate::faults::foreign_schema(self.operation))?;
        decode::count("event_log_head", &["sequence"], row)
    }

    /// The packages these commands are about, those of them that exist.
    pub(super) async fn load_states(&mut self, needs: &Needs) -> Result<HashMap<PackageId, Package>, Fault> {
        let ids = needs.packages.iter().map(|id| *id.uuid().as_bytes()).collect();
        let rows = Rows { count: needs.packages.len(), columns: vec![Column::Id(ids)] };
        let found = self.fetch_bulk(&E::STATEMENTS.find_states, &rows).await?;
        found.iter().map(|row| decode::state(row).map(|state| (state.package_id, state))).collect()
    }

    /// The facts these commands need. Packages without files have no paths to look for.
    pub(super) async fn load_facts(
        &mut self,
        mut needs: Needs,
        states: &HashMap<PackageId, Package>,
    ) -> Result<Facts, Fault> {
        let mut facts = Facts::default();
        if needs.classes {
            let found = self.fetch(&E::STATEMENTS.list_classes, &[]).await?;
            facts.add_classes(found.iter().map(decode::class).collect::<Result<Vec<_>, _>>()?);
        }
        needs.keep_paths_of(|package| states.get(&package).is_some_and(|state| state.file_count > 0));
        if needs.files.is_empty() {
            return Ok(facts);
        }
        let rows = Rows {
            count: needs.files.len(),
            columns: vec![
                Column::Id(needs.files.iter().map(|(package, _)| *package.uuid().as_bytes()).collect()),
                Column::Text(needs.files.iter().map(|(_, path)| Cow::Borrowed(path.as_str())).collect()),
                Column::Bool(needs.files.iter().map(|asked| needs.directories.contains(asked)).collect()),
            ],
        };
        for row in &self.fetch_bulk(&E::STATEMENTS.find_paths, &rows).await? {
            match decode::path(row)? {
                (package, path, Some(fact)) => facts.add_file(package, &path, fact),
                (package, path, None) => facts.add_directory(package, path.as_str().to_owned()),
            }
        }
        Ok(facts)
    }
}
