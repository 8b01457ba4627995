//! How the store is: does the database answer, and can each backend be read from and written to.

use artifactstore_types::Health;
use tokio::time::timeout;

use crate::{Service, faults};

impl Service {
    pub(crate) async fn health(&self) -> Health {
        let deadline = self.options().health_deadline;
        let database = timeout(deadline, async {
            self.store().ping().await?;
            self.store().load_head().await
        });
        let (database, backends) = tokio::join!(database, self.plane().backend_health());
        let database = database.unwrap_or_else(|_| Err(faults::database_silent(deadline)));
        let (head, database_fault) = match database {
            Ok(head) => (Some(head), None),
            Err(fault) => (None, Some(fault.to_string())),
        };
        Health { version: self.options().version.clone(), database_fault, head, backends }
    }
}
