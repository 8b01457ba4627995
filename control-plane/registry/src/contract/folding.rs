//! A stream on its way to its state: events in the order of their sort keys, each once, and at the end the row of the
//! view. Wherever a fold is taken down and resumed in between, the row is the same, and so is one folded from the
//! first event on; `replay --check` holds the store to that.

use std::{fmt, mem};

use artifactstore_contracts::{
    catalogue::{Family, Folded, Occurrence, StreamFold, find_family},
    envelope::Envelope,
    reduction::ReduceFailure,
};
use artifactstore_types::{ContractStream, Sequence};
use serde_json::value::RawValue;

use super::facts::Extent;
use crate::{event::EventRefused, view::ContractStateRow};

/// A stream being folded.
pub struct StreamFolding {
    /// All of the row but what the reducer holds.
    row: ContractStateRow,
    family: &'static Family,
    /// The failure, as JSON, of a stream that has no state; nothing that follows in it changes that.
    reducer: Result<Box<dyn StreamFold>, String>,
}

impl StreamFolding {
    /// A stream of which nothing was folded yet; none where its family is not known to this program.
    pub fn begin(subject_id: &str) -> Option<Self> {
        let family = find_family_of(subject_id)?;
        let row = ContractStateRow {
            subject_id: subject_id.to_owned(),
            event_count: 0,
            size_bytes: 0,
            last_key: Vec::new(),
            last_event_sequence: 0,
            failed: false,
            state: String::new(),
            memory: String::new(),
        };
        Some(Self { row, family, reducer: Ok((family.fold)()) })
    }

    /// A stream that was folded up to here; none where its family is not known, or the row is not one of its states. The
    /// log knows better then.
    pub fn resume(mut row: ContractStateRow) -> Option<Self> {
        let family = find_family_of(&row.subject_id)?;
        let (state, memory) = (mem::take(&mut row.state), mem::take(&mut row.memory));
        let reducer = if row.failed {
            Err(state)
        } else {
            let state = RawValue::from_string(state).ok()?;
            let memory = RawValue::from_string(memory).ok()?;
            Ok((family.resume)(&Folded { state, memory }).ok()?)
        };
        Some(Self { row, family, reducer })
    }

    /// Whether an event of this sort key comes after everything that was folded.
    pub fn is_before(&self, sort_key: &[u8]) -> bool {
        self.row.last_key.as_slice() < sort_key
    }

    /// Folds the next event of the stream.
    ///
    /// # Errors
    /// An event whose envelope cannot be read.
    pub fn fold(&mut self, sort_key: &[u8], sequence: Sequence, envelope: &str) -> Result<(), EventRefused> {
        let read = Envelope::parse(envelope.as_bytes()).map_err(|error| EventRefused::Payload {
            event_type: self.row.subject_id.clone(),
            reason: error.to_string(),
        })?;
        if let Ok(reducer) = &mut self.reducer
            && let Err(failure) = reducer.fold(Occurrence::from(&read))
        {
            let failure = ReduceFailure::from(failure);
            self.reducer = Err(serde_json::to_string(&failure).map_err(|error| unwritable(self.family, &error))?);
        }
        self.row.event_count += 1;
        self.row.size_bytes = self.row.size_bytes.saturating_add(envelope.len() as u64);
        self.row.last_key.clear();
        self.row.last_key.extend_from_slice(sort_key);
        self.row.last_event_sequence = self.row.last_event_sequence.max(sequence);
        Ok(())
    }

    /// How many bytes its events have together: about what it takes to hold it.
    pub fn size_bytes(&self) -> u64 {
        self.row.size_bytes
    }

    /// The stream, as the log has it.
    pub fn subject_id(&self) -> &str {
        &self.row.subject_id
    }

    /// How much of the stream was folded.
    pub(crate) fn extent(&self) -> Extent {
        Extent { events: self.row.event_count, bytes: self.row.size_bytes }
    }

    /// The row of the view.
    ///
    /// # Errors
    /// None that an event can cause; the serializer's own contract carries the error.
    pub fn row(&self) -> Result<ContractStateRow, EventRefused> {
        let (state, memory) = match &self.reducer {
            Ok(reducer) => {
                let Folded { state, memory } = reducer.folded().map_err(|error| unwritable(self.family, &error))?;
                (Box::<str>::from(state).into(), Box::<str>::from(memory).into())
            }
            Err(failure) => (failure.clone(), "null".to_owned()),
        };
        Ok(ContractStateRow { failed: self.reducer.is_err(), state, memory, ..self.row.clone() })
    }
}

impl fmt::Debug for StreamFolding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StreamFolding").field("row", &self.row).finish_non_exhaustive()
    }
}

fn unwritable(family: &'static Family, error: &serde_json::Error) -> EventRefused {
    EventRefused::Encoding { event_type: family.name, reason: error.to_string() }
}

fn find_family_of(subject_id: &str) -> Option<&'static Family> {
    let stream: ContractStream = subject_id.parse().ok()?;
    find_family(stream.family.as_str())
}
