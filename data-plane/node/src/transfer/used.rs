//! Tickets for batches that were used: each counts for one stream, since its parts are counted from 0 once and its bytes
//! are held to its limit once. Remembered until the ticket is over; what a restart forgets is refused when receipts are
//! committed, because its parts were answered otherwise before.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use artifactstore_dataplane::{
    signing::CLOCK_SKEW_SECONDS,
    ticket::{Ticket, TicketId},
};
use artifactstore_types::{Fault, Timestamp};

use crate::faults;

/// From this many on, those that are over are forgotten before another is remembered.
const MANY: usize = 1_024;
/// The most that are remembered; at an hour's life, 200 new ones a second for an hour.
const MOST: usize = 720_000;

/// The tickets that were used and are not over.
#[derive(Default)]
pub struct UsedTickets {
    until: Mutex<Remembered>,
}

#[derive(Default)]
struct Remembered {
    until: HashMap<TicketId, Timestamp>,
    /// How many there are when it is time to forget again.
    forget_at: usize,
}

impl UsedTickets {
    /// Uses a ticket.
    pub fn take(&self, ticket: &Ticket, now: Timestamp) -> Result<(), Fault> {
        // Each change is one insertion or removal.
        let mut remembered = self.until.lock().unwrap_or_else(PoisonError::into_inner);
        if remembered.until.len() >= remembered.forget_at.max(MANY) {
            remembered.until.retain(|_, until| *until > now);
            remembered.forget_at = remembered.until.len() * 2;
        }
        if remembered.until.len() >= MOST {
            return Err(faults::too_many("batches", u32::try_from(MOST).unwrap_or(u32::MAX)));
        }
        let until = ticket.expires_at().plus_seconds(CLOCK_SKEW_SECONDS);
        match remembered.until.insert(ticket.ticket_id(), until) {
            None => Ok(()),
            Some(_) => Err(faults::used_already(ticket.ticket_id())),
        }
    }
}
