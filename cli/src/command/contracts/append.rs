//! `contracts append`

use std::{
    collections::VecDeque,
    io::{self, BufRead, Read as _},
    path::PathBuf,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use artifactstore_client::Connection;
use artifactstore_contracts::admission::LONGEST_EVENT;
use artifactstore_types::{AppendedContractEvent, ContractOrigin, Fault};
use bytes::Bytes;
use futures::{StreamExt as _, stream};
use tokio::{sync::mpsc, task};

use crate::{
    args::Append, command::Ended, context::Context, faults, input, output::Stop, render::contract, store::Missing,
};

/// How many lines are read ahead.
const LINES_AHEAD: usize = 256;
/// How many events can be appended together.
const MOST_TOGETHER: usize = 1_000;

/// The number of a line, from 1, and what stands on it.
type Line = (u64, Bytes);

pub async fn run(arguments: Append, context: &mut Context) -> Result<Ended, Stop> {
    let Append { all_or_none, file } = arguments;
    let origin = ContractOrigin { namespace: context.namespace.clone(), actor: context.actor.clone() };
    context
        .with_store(Missing::Make, async |context, connection| {
            if all_or_none {
                together(file, &origin, context, connection.as_ref()).await
            } else {
                one_by_one(file, &origin, context, connection.as_ref()).await
            }
        })
        .await
}

async fn together(
    file: Option<PathBuf>,
    origin: &ContractOrigin,
    context: &mut Context,
    connection: &dyn Connection,
) -> Result<Ended, Stop> {
    let read = move || {
        let mut lines = Lines { input: input::open(file.as_deref())?, number: 0 };
        let mut all = Vec::new();
        while let Some(line) = lines.read()? {
            if all.len() == MOST_TOGETHER {
                let refused = format!("contracts append: --all-or-none takes at most {MOST_TOGETHER} events");
                return Err(faults::not_understood(refused).into());
            }
            all.push(line);
        }
        Ok(all)
    };
    let (numbers, envelopes): (Vec<u64>, Vec<Bytes>) = context.apart(read).await?.into_iter().unzip();
    let appended = context.until_stopped(connection.append_contract_events(origin, envelopes)).await?;
    for (number, event) in numbers.into_iter().zip(appended) {
        tell(number, &Ok(event), context)?;
    }
    Ok(Ended::Well)
}

async fn one_by_one(
    file: Option<PathBuf>,
    origin: &ContractOrigin,
    context: &mut Context,
    connection: &dyn Connection,
) -> Result<Ended, Stop> {
    let (sender, receiver) = mpsc::channel::<Line>(LINES_AHEAD);
    let all_read = Arc::new(AtomicBool::new(false));
    let reading = task::spawn_blocking({
        let all_read = Arc::clone(&all_read);
        move || {
            let mut lines = Lines { input: input::open(file.as_deref())?, number: 0 };
            while let Some(line) = lines.read()? {
                if sender.blocking_send(line).is_err() {
                    return Ok(());
                }
            }
            all_read.store(true, Ordering::SeqCst);
            Ok::<_, Stop>(())
        }
    });
    let sent = Arc::new(Sent::default());
    let taken = Arc::clone(&sent);
    let envelopes = stream::unfold((receiver, taken), |(mut receiver, taken)| async move {
        let (number, envelope) = receiver.recv().await?;
        taken.push(number);
        Some((envelope, (receiver, taken)))
    });
    let mut answers = connection.append_contract_stream(origin, envelopes.boxed());

    let mut refused = None;
    // An answer is held back until the next one: the last may be about every line that was not answered.
    let mut held: Option<Result<AppendedContractEvent, Fault>> = None;
    while let Some(answer) = context.until_stopped(async { Ok(answers.next().await) }).await? {
        if let Some(before) = held.replace(answer) {
            tell(sent.pop(), &before, context)?;
            refused = refused.or(before.err());
        }
    }
    match held {
        Some(Err(fault)) if sent.len() > 1 || !all_read.load(Ordering::SeqCst) => return Err(fault.into()),
        Some(answer) => {
            tell(sent.pop(), &answer, context)?;
            refused = refused.or(answer.err());
        }
        None => {}
    }
    // The envelopes have ended, so the reader has.
    reading.await.map_err(faults::no_runtime)??;
    Ok(refused.map_or(Ended::Well, |fault| Ended::With(fault.category)))
}

/// Says what became of a line.
fn tell(number: u64, answer: &Result<AppendedContractEvent, Fault>, context: &mut Context) -> Result<(), Stop> {
    match answer {
        Ok(event) => context.output.show(&contract::appended_json(number, event), || contract::appended(event)),
        Err(fault) => context.output.show(&contract::refused_json(number, fault), || contract::refused(number, fault)),
    }
}

/// The numbers of the lines that were sent and not told of; answers come in their order.
#[derive(Default)]
struct Sent(Mutex<VecDeque<u64>>);

impl Sent {
    fn push(&self, number: u64) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push_back(number);
    }

    fn pop(&self) -> u64 {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop_front().unwrap_or_default()
    }

    fn len(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).len()
    }
}

/// Lines that are not blank. One that is too long for an event is cut where that shows, so that the store refuses it.
struct Lines<R> {
    input: R,
    number: u64,
}

impl<R: BufRead> Lines<R> {
    fn read(&mut self) -> io::Result<Option<Line>> {
        loop {
            let mut line = Vec::new();
            let bound = u64::try_from(LONGEST_EVENT).unwrap_or(u64::MAX).saturating_add(1);
            if self.input.by_ref().take(bound).read_until(b'\n', &mut line)? == 0 {
                return Ok(None);
            }
            self.number += 1;
            if line.last() != Some(&b'\n') && line.len() > LONGEST_EVENT {
                self.input.skip_until(b'\n')?;
            }
            if !line.trim_ascii().is_empty() {
                return Ok(Some((self.number, line.into())));
            }
        }
    }
}
