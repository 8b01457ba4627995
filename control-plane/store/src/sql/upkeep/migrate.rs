//! Migrations: forward only, embedded, applied in order, each in a transaction with the record that it was.

use std::borrow::Cow;

use artifactstore_types::Fault;
use sqlx::{
    SqlSafeStr as _,
    migrate::{Migrate as _, MigrateError, Migration, MigrationType, Migrator},
};

use super::super::{SqlStore, decode, engine::Engine};
use crate::faults;

const OPERATION: &str = "migrate";
const RECORD: &str = "_sqlx_migrations";

impl<E: Engine> SqlStore<E> {
    /// Applies the migrations the database has not had, after dropping everything if it is to be `fresh`.
    pub(super) async fn bring_up_to_date(&self, fresh: bool) -> Result<Vec<String>, Fault> {
        let mut connection = self.upkeep_connection(OPERATION).await?;
        // Nobody appends meanwhile, at least not from here.
        let _writer = self.writer.lock().await;
        if fresh {
            E::run(&mut connection, E::DROP_EVERYTHING).await.map_err(|error| E::fault(OPERATION, &error))?;
        }
        let migrations = E::MIGRATIONS.iter().map(|(number, name, text)| {
            Migration::new(*number, Cow::Borrowed(name), MigrationType::Simple, text.into_sql_str(), false)
        });
        let migrator = Migrator::with_migrations(migrations.collect());
        connection.ensure_migrations_table(RECORD).await.map_err(fault::<E>)?;
        let before = connection.list_applied_migrations(RECORD).await.map_err(fault::<E>)?;
        migrator.run_direct(None, &mut connection, false).await.map_err(fault::<E>)?;
        if fresh {
            self.parts.head.send_replace(0);
        }
        let is_new = |number: i64| before.iter().all(|applied| applied.version != number);
        Ok(E::MIGRATIONS.iter().filter(|(number, ..)| is_new(*number)).map(|(_, name, _)| (*name).to_owned()).collect())
    }

    /// Refuses a database that has had other migrations than this program knows.
    pub(super) async fn require_known_schema(&self, operation: &str) -> Result<(), Fault> {
        let version = |row: &_| decode::migration(row);
        let applied = self.read(operation, &E::STATEMENTS.list_migrations, &[], version).await.map_err(|fault| {
            // A database without the record answers with an error of its own kind on each engine.
            if fault.code == "AS-STORE-0004" { faults::foreign_schema(operation) } else { fault }
        })?;
        if applied.iter().copied().eq(E::MIGRATIONS.iter().map(|(number, ..)| (*number, true))) {
            Ok(())
        } else {
            Err(faults::foreign_schema(operation))
        }
    }
}

fn fault<E: Engine>(error: MigrateError) -> Fault {
    match error {
        MigrateError::Execute(error) => E::fault(OPERATION, &error),
        MigrateError::ExecuteMigration(error, migration) => {
            tracing::error!(migration, %error, "a migration failed");
            faults::migration_failed(migration)
        }
        MigrateError::Dirty(migration) => faults::migration_failed(migration),
        // The database has had migrations that this program does not know, or knows otherwise.
        _ => faults::foreign_schema(OPERATION),
    }
}
