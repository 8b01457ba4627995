//! Loads what decisions need, inside the transaction that holds the log's lock: nothing read here can change before what
//! is decided on it is committed.

use std::{
    borrow::Cow,
    collections::{BTreeSet, HashMap},
};

use artifactstore_registry::{Facts, Needs, Package};
use artifactstore_types::{Fault, PackageId};

use super::{
    Session,
    contracts::RememberedStreams,
    decode,
    engine::{Column, Engine, Rows},
    writer::LogEnd,
};
use crate::faults;

impl<E: Engine> Session<'_, E> {
    /// Begins to append: takes the log's lock, and says where the log ends.
    pub(super) async fn begin_append(&mut self) -> Result<LogEnd, Fault> {
        let rows = E::fetch_script(self.connection, E::BEGIN_APPEND).await;
        let rows = rows.map_err(|error| E::fault(self.operation, &error))?;
        rows.first().map(decode::log_end).ok_or_else(|| faults::foreign_schema(self.operation))?
    }

    /// These packages, those of them that exist.
    pub(super) async fn load_states(
        &mut self,
        packages: &BTreeSet<PackageId>,
    ) -> Result<HashMap<PackageId, Package>, Fault> {
        if packages.is_empty() {
            return Ok(HashMap::new());
        }
        let ids = packages.iter().map(|id| *id.uuid().as_bytes()).collect();
        let found = self.fetch_bulk(&E::STATEMENTS.find_states, &Rows::new(vec![Column::Id(ids)])).await?;
        found.iter().map(|row| decode::state(row).map(|state| (state.package_id, state))).collect()
    }

    /// Loads what these commands need beyond what is known. Of streams, what is `remembered` need not be loaded.
    pub(super) async fn load_facts(
        &mut self,
        needs: &Needs,
        remembered: &mut RememberedStreams,
        facts: &mut Facts,
    ) -> Result<(), Fault> {
        if needs.classes {
            let found = self.fetch(&E::STATEMENTS.list_classes, &[]).await?;
            facts.add_classes(found.iter().map(decode::class).collect::<Result<Vec<_>, _>>()?);
        }
        self.load_contract_facts(needs, remembered, &mut facts.contracts).await?;
        if needs.files.is_empty() {
            return Ok(());
        }
        let rows = Rows::new(vec![
            Column::Id(needs.files.iter().map(|(package, _)| *package.uuid().as_bytes()).collect()),
            Column::Text(needs.files.iter().map(|(_, path)| Cow::Borrowed(path.as_str())).collect()),
            Column::Bool(needs.files.iter().map(|asked| needs.directories.contains(asked)).collect()),
        ]);
        for row in &self.fetch_bulk(&E::STATEMENTS.find_paths, &rows).await? {
            match decode::path(row)? {
                (package, path, Some(fact)) => facts.add_file(package, &path, fact),
                (package, path, None) => facts.add_directory(package, path.as_str().to_owned()),
            }
        }
        Ok(())
    }
}
