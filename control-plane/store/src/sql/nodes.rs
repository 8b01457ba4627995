//! Nodes in a database. A command about one is a transaction of its own under the log's lock: there are few of them, and
//! they need every node there is. What is known beside the log takes the same lock, since SQLite has one writer only.

use std::collections::HashMap;

use artifactstore_registry::{
    Facts,
    node::{NodeCommand, NodeDecided, NodeRefusal},
};
use artifactstore_types::{ControlKey, Fault, NodeHeard, NodeId, NodeRecord, Timestamp};
use async_trait::async_trait;
use tokio::time::timeout;

use super::{
    Session, SqlStore, append, decode,
    engine::{Argument, Engine},
    write::{self, Write},
    writer::{Append, Writer},
};
use crate::{Lease, Leases, NodeChanged, Nodes, faults, node_changed};

#[async_trait]
impl<E: Engine> Nodes for SqlStore<E> {
    async fn change_node(&self, command: NodeCommand) -> Result<NodeChanged, Fault> {
        let operation = node_changed::operation(&command.request);
        let deadline = self.parts.options.deadline;
        let too_slow = |_| faults::too_slow(operation, deadline);
        let mut writer = timeout(deadline, self.writer.lock()).await.map_err(too_slow)?;
        // Given up on, or failed, it drops the connection, and the database undoes what was begun.
        let decided = timeout(deadline, self.decide_node(&mut writer, operation, &command)).await.map_err(too_slow)?;
        let (Append { mut connection, end: before }, nodes, decided) = decided?;
        match decided.as_ref().ok().and_then(|decided| decided.events.last()) {
            Some(last) => {
                self.commit_append(&mut writer, connection, operation, last).await?;
                // No package has changed: what is remembered of them holds.
                writer.remember(before, last.sequence, HashMap::new(), Facts::default());
                self.parts.head.send_modify(|known| *known = last.sequence.max(*known));
            }
            // Nothing is to be kept, so it is no matter how this ends.
            None if append::end::<E>(&mut connection, "ROLLBACK", operation, deadline).await.is_ok() => {
                writer.rest(connection);
            }
            None => {}
        }
        let decided = decided.map_err(|refusal| refusal.into_fault(operation, &command.node_id))?;
        NodeChanged::of(operation, &command.node_id, nodes, decided)
    }

    async fn list_nodes(&self) -> Result<Vec<NodeRecord>, Fault> {
        self.read("list nodes", &E::STATEMENTS.list_nodes, &[], decode::node).await
    }

    async fn record_heartbeats(&self, heard: &[(NodeId, NodeHeard)]) -> Result<(), Fault> {
        self.write_beside("record heartbeats", write::heartbeats::<E>(heard)?).await
    }

    async fn list_control_keys(&self, now: Timestamp) -> Result<Vec<ControlKey>, Fault> {
        let arguments = [Argument::Int(now.micros())];
        self.read("list keys", &E::STATEMENTS.list_control_keys, &arguments, decode::control_key).await
    }

    async fn trust_control_key(&self, key: &ControlKey) -> Result<(), Fault> {
        self.write_beside("trust key", write::control_keys::<E>(&[*key])).await
    }

    async fn forget_before(&self, then: Timestamp) -> Result<(), Fault> {
        for statement in [&E::STATEMENTS.forget_answered, &E::STATEMENTS.forget_keys] {
            self.write_beside("forget", write::before(statement, then)).await?;
        }
        Ok(())
    }
}

#[async_trait]
impl<E: Engine> Leases for SqlStore<E> {
    async fn try_lease(&self, name: &'static str) -> Result<Option<Lease>, Fault> {
        self.parts.leases.try_lease(name).await
    }
}

type Decided = Result<NodeDecided, NodeRefusal>;

impl<E: Engine> SqlStore<E> {
    /// Everything up to the commit.
    async fn decide_node(
        &self,
        writer: &mut Writer<E>,
        operation: &str,
        command: &NodeCommand,
    ) -> Result<(Append<E>, Vec<NodeRecord>, Decided), Fault> {
        let mut append = writer.begin(&self.parts.writer, &self.parts.options, operation).await?;
        let mut session = Session::<E> { operation, connection: &mut append.connection };
        let nodes = session.fetch(&E::STATEMENTS.list_nodes, &[]).await?;
        let nodes = nodes.iter().map(decode::node).collect::<Result<Vec<_>, _>>()?;
        let decided = NodeDecided::decide(append.end.head, &nodes, command, &*self.parts.options.ids);
        if let Ok(decided) = &decided {
            session.append_here(append.end, &decided.events, &decided.views, &[]).await?;
        }
        Ok((append, nodes, decided))
    }

    /// Writes rows that are no part of the log.
    async fn write_beside(&self, operation: &str, rows: Write<'_>) -> Result<(), Fault> {
        let deadline = self.parts.options.deadline;
        let too_slow = |_| faults::too_slow(operation, deadline);
        let mut writer = timeout(deadline, self.writer.lock()).await.map_err(too_slow)?;
        let written = timeout(deadline, async {
            let mut append = writer.begin(&self.parts.writer, &self.parts.options, operation).await?;
            let mut session = Session::<E> { operation, connection: &mut append.connection };
            session.write(rows).await?;
            Ok(append.connection)
        });
        let mut connection = written.await.map_err(too_slow)??;
        append::end::<E>(&mut connection, "COMMIT", operation, deadline).await?;
        writer.rest(connection);
        Ok(())
    }
}
