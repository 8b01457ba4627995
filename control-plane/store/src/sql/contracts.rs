//! Streams of contract events in a database: what is known before events are appended, how a stream is folded along its
//! own order, and the states as they are read. A stream is never held in memory as a whole: a page of its events at a time
//! passes through its fold.

use std::{borrow::Cow, collections::HashMap};

use artifactstore_registry::{
    Needs,
    contract::{ContractFacts, StreamFolding},
    event::ContractEventAppended,
    view::{ContractEventRow, ContractStateRow},
};
use artifactstore_types::{ContractState, ContractStream, Fault, Sequence};
use async_trait::async_trait;
use tokio::time::timeout;

use super::{
    Session, SqlStore, decode,
    decode::StreamEvent,
    engine::{Argument, Column, Engine, Rows},
    write::{all_signed, of, text},
};
use crate::{ContractViews, Finding, faults, ports::state_of};

const OPERATION: &str = "find contract state";
/// How many events of streams are read at once, and how many bytes of payload they may have.
const PAGE: i64 = 1_000;
const PAGE_BYTES: i64 = 8 * 1024 * 1024;
/// How many bytes of events the streams have together that are remembered.
const REMEMBERED_BYTES: u64 = 64 * 1024 * 1024;

/// Streams that were folded on last, as far as the log goes. Reading a state and setting its reducer up again costs more
/// than folding an event; a stream that has had one will soon have another.
#[derive(Debug, Default)]
pub(super) struct RememberedStreams {
    streams: HashMap<String, StreamFolding>,
    bytes: u64,
}

impl RememberedStreams {
    /// A stream, which is no longer remembered then: what becomes of it is not known before the commit.
    fn take(&mut self, subject_id: &str) -> Option<StreamFolding> {
        let folding = self.streams.remove(subject_id)?;
        self.bytes -= folding.size_bytes();
        Some(folding)
    }

    /// Forgets all of them.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Remembers these streams. Where that would be too much, the others are forgotten.
    pub(super) fn extend(&mut self, foldings: Vec<StreamFolding>) {
        let bytes: u64 = foldings.iter().map(StreamFolding::size_bytes).sum();
        if self.bytes + bytes > REMEMBERED_BYTES {
            self.clear();
        }
        if bytes <= REMEMBERED_BYTES {
            self.bytes += bytes;
            self.streams.extend(foldings.into_iter().map(|folding| (folding.subject_id().to_owned(), folding)));
        }
    }
}

impl<E: Engine> Session<'_, E> {
    /// Which of the contract events are in the log, and how far the streams of the others are: those that are not among the
    /// `remembered` are read.
    pub(super) async fn load_contract_facts(
        &mut self,
        needs: &Needs,
        remembered: &mut RememberedStreams,
        facts: &mut ContractFacts,
    ) -> Result<(), Fault> {
        if needs.contract_events.is_empty() {
            return Ok(());
        }
        let asked = Rows::new(vec![
            text(needs.contract_events.iter().map(|(namespace, ..)| namespace.as_str())),
            text(needs.contract_events.iter().map(|(_, event_id, _)| event_id.as_str())),
        ]);
        for row in &self.fetch_bulk(&E::STATEMENTS.find_contract_events, &asked).await? {
            let (namespace, event_id, known) = decode::contract_event(row)?;
            facts.add_event(namespace, event_id, known);
        }
        let mut grown = needs.grown_streams(facts);
        grown.retain(|subject_id| match remembered.take(subject_id) {
            Some(folding) => {
                facts.add_folding(folding);
                false
            }
            None => true,
        });
        if grown.is_empty() {
            return Ok(());
        }
        let asked = Rows::new(vec![text(grown.into_iter())]);
        for row in &self.fetch_bulk(&E::STATEMENTS.find_contract_states, &asked).await? {
            facts.add_state(decode::contract_state(row)?);
        }
        Ok(())
    }

    /// Folds these streams anew, each from its first event on.
    pub(super) async fn fold_streams(&mut self, subject_ids: &[String]) -> Result<(), Fault> {
        for subject_id in subject_ids {
            if let Some(state) = self.fold_stream(subject_id, Sequence::MAX).await? {
                self.set_contract_states(&[state]).await?;
            }
        }
        Ok(())
    }

    /// The state of a stream after those of its events that came no later than the sequence `at`; none where there are
    /// none.
    async fn fold_stream(&mut self, subject_id: &str, at: Sequence) -> Result<Option<ContractStateRow>, Fault> {
        let Some(mut folding) = StreamFolding::begin(subject_id) else { return Ok(None) };
        let at = i64::try_from(at).unwrap_or(i64::MAX);
        let mut last = Vec::new();
        loop {
            let arguments = [
                Argument::Text(subject_id),
                Argument::Int(at),
                Argument::Bytes(&last),
                Argument::Int(PAGE),
                Argument::Int(PAGE_BYTES),
            ];
            let page = self.stream_events(&E::STATEMENTS.list_stream_events, &arguments).await?;
            for event in &page {
                fold(self.operation, &mut folding, event)?;
            }
            match page.into_iter().next_back() {
                Some(event) => last = event.sort_key,
                None if last.is_empty() => return Ok(None),
                None => return row(&folding).map(Some),
            }
        }
    }

    /// Folds every stream there is into the states as this connection sees them, which must be empty.
    pub(super) async fn fold_all_streams(&mut self) -> Result<(), Fault> {
        let (mut subject_id, mut last) = (String::new(), Vec::new());
        let mut folding: Option<StreamFolding> = None;
        loop {
            let arguments =
                [Argument::Text(&subject_id), Argument::Bytes(&last), Argument::Int(PAGE), Argument::Int(PAGE_BYTES)];
            let page = self.stream_events(&E::STATEMENTS.list_streams_events, &arguments).await?;
            let at_end = page.is_empty();
            let mut states = Vec::new();
            for event in page {
                if event.subject_id != subject_id {
                    states.extend(folding.as_ref().map(row).transpose()?);
                    folding = StreamFolding::begin(&event.subject_id);
                }
                if let Some(folding) = &mut folding {
                    fold(self.operation, folding, &event)?;
                }
                (subject_id, last) = (event.subject_id, event.sort_key);
            }
            if at_end {
                states.extend(folding.as_ref().map(row).transpose()?);
            }
            self.set_contract_states(&states).await?;
            if at_end {
                return Ok(());
            }
        }
    }

    async fn stream_events(
        &mut self,
        statement: &'static super::Statement,
        arguments: &[Argument<'_>],
    ) -> Result<Vec<StreamEvent>, Fault> {
        self.fetch(statement, arguments).await?.iter().map(decode::stream_event).collect()
    }

    async fn set_contract_states(&mut self, states: &[ContractStateRow]) -> Result<(), Fault> {
        if states.is_empty() {
            return Ok(());
        }
        let set = of(&E::STATEMENTS.set_contract_states, state_columns(states)?);
        E::load(self.connection, vec![set]).await.map_err(|error| E::fault(self.operation, &error))
    }
}

fn fold(operation: &str, folding: &mut StreamFolding, event: &StreamEvent) -> Result<(), Fault> {
    let folded = ContractEventAppended::decode(&event.payload)
        .and_then(|appended| folding.fold(&event.sort_key, event.sequence, &appended.envelope));
    folded.map_err(|refused| {
        let finding = Finding::EventUnreadable { sequence: event.sequence, reason: refused.to_string() };
        faults::damaged_log(operation, &finding)
    })
}

fn row(folding: &StreamFolding) -> Result<ContractStateRow, Fault> {
    folding.row().map_err(faults::unwritable)
}

#[async_trait]
impl<E: Engine> ContractViews for SqlStore<E> {
    async fn find_contract_state(
        &self,
        stream: &ContractStream,
        at: Option<Sequence>,
    ) -> Result<Option<ContractState>, Fault> {
        let subject_id = stream.to_string();
        let asked = Rows::new(vec![Column::Text(vec![Cow::Borrowed(&*subject_id)])]);
        let statement = &E::STATEMENTS.find_contract_states;
        let found = self.read_bulk(OPERATION, statement, &asked, decode::contract_state).await?;
        let Some(row) = found.into_iter().next() else { return Ok(None) };
        let row = match at {
            Some(at) if at < row.last_event_sequence => self.fold_stream_at(&subject_id, at).await?,
            _ => Some(row),
        };
        Ok(row.map(|row| state_of(stream, row)))
    }
}

impl<E: Engine> SqlStore<E> {
    async fn fold_stream_at(&self, subject_id: &str, at: Sequence) -> Result<Option<ContractStateRow>, Fault> {
        let deadline = self.parts.options.deadline;
        let folding = async {
            let acquired = self.parts.readers.acquire().await;
            let mut connection = acquired.map_err(|error| E::fault(OPERATION, &error))?;
            Session::<E> { operation: OPERATION, connection: &mut connection }.fold_stream(subject_id, at).await
        };
        timeout(deadline, folding).await.map_err(|_| faults::too_slow(OPERATION, deadline))?
    }
}

pub(super) fn event_columns(rows: &[ContractEventRow]) -> Result<Vec<Column<'_>>, Fault> {
    let each = || rows.iter();
    Ok(vec![
        text(each().map(|row| row.namespace.as_str())),
        text(each().map(|row| row.event_id.as_str())),
        text(each().map(|row| row.subject_id.as_str())),
        Column::Bytes(each().map(|row| row.sort_key.as_slice()).collect()),
        Column::Digest(each().map(|row| row.digest).collect()),
        all_signed(each().map(|row| row.sequence))?,
    ])
}

pub(super) fn state_columns(rows: &[ContractStateRow]) -> Result<Vec<Column<'_>>, Fault> {
    let each = || rows.iter();
    Ok(vec![
        text(each().map(|row| row.subject_id.as_str())),
        all_signed(each().map(|row| row.event_count))?,
        all_signed(each().map(|row| row.size_bytes))?,
        Column::Bytes(each().map(|row| row.last_key.as_slice()).collect()),
        all_signed(each().map(|row| row.last_event_sequence))?,
        Column::Bool(each().map(|row| row.failed).collect()),
        text(each().map(|row| row.state.as_str())),
        text(each().map(|row| row.memory.as_str())),
    ])
}
