//! One round of a push: ask what has to be sent, bind what is there already, send the rest.

use artifactstore_types::{Category, ContentAddress, Fault, PlanAnswer, PlannedFile};

use super::transfer::Transfer;
use crate::{
    KnownFile, Step, faults,
    read::{self, Sending},
    retry,
};

/// How many files are planned, bound and sent at a time: the most a plan may have.
const GROUP_FILES: usize = 10_000;

/// What a round, or a part of one, achieved.
#[derive(Debug, Default)]
pub struct Round {
    /// The files that are in the package now.
    pub done: Vec<usize>,
    /// The first passing failure, after which the others may or may not be in.
    pub passing: Option<Fault>,
}

impl Round {
    pub fn add(&mut self, other: Self) {
        self.done.extend(other.done);
        self.passing = self.passing.take().or(other.passing);
    }

    /// Notes a failure that passes; any other ends the push. A path that exists may well be this push's own: a request
    /// that was given up can be done later all the same. What is there is looked at before the next round, which tells.
    pub fn note(&mut self, fault: Fault) -> Result<(), Fault> {
        if !retry::may_pass(&fault) && fault.category != Category::AlreadyExists {
            return Err(fault);
        }
        self.passing.get_or_insert(fault);
        Ok(())
    }
}

/// What the store said about a group of files.
struct Plan {
    /// Blobs it has.
    here: Vec<(usize, ContentAddress)>,
    /// Files it wants.
    wanted: Vec<Sending>,
}

impl Transfer {
    pub async fn round(&mut self, missing: &[usize]) -> Result<Round, Fault> {
        let mut round = Round::default();
        for group in missing.chunks(GROUP_FILES) {
            let Plan { here, mut wanted } = self.plan(group).await?;
            round.add(self.bind(here, &mut wanted).await?);
            round.add(self.send(wanted).await?);
            if round.passing.is_some() {
                break;
            }
        }
        round.done.sort_unstable();
        Ok(round)
    }

    async fn plan(&mut self, group: &[usize]) -> Result<Plan, Fault> {
        let mut plan = Plan { here: Vec::new(), wanted: Vec::new() };
        let undigested = self.ask(group, &mut plan).await?;
        if !undigested.is_empty() {
            self.digest(&undigested).await?;
            if !self.ask(&undigested, &mut plan).await?.is_empty() {
                return Err(faults::answer_unfit("plan upload", "wants a digest it has been given"));
            }
            // The order of paths is the order of a directory's files, and of the package's.
            plan.wanted.sort_unstable_by_key(|sending| sending.index);
        }
        Ok(plan)
    }

    /// Asks about files once, sorts the answers into `plan`, and returns those that have to be digested first.
    async fn ask(&self, indexes: &[usize], plan: &mut Plan) -> Result<Vec<usize>, Fault> {
        let planned: Vec<_> = indexes
            .iter()
            .map(|index| PlannedFile {
                size_bytes: self.files[*index].size_bytes,
                address: self.addresses.get(index).copied(),
            })
            .collect();
        let package = self.upload.package_id;
        let answers = retry::idempotent(|| self.connection.plan_upload(package, &planned)).await?;
        if answers.len() != planned.len() {
            return Err(faults::answer_unfit("plan upload", "answered about other files than it was asked about"));
        }
        let mut undigested = Vec::new();
        for ((&index, planned), answer) in indexes.iter().zip(planned).zip(answers) {
            match (answer, planned.address) {
                (PlanAnswer::Have, Some(address)) => plan.here.push((index, address)),
                (PlanAnswer::DigestFirst, None) => undigested.push(index),
                (PlanAnswer::Send, declared) => plan.wanted.push(Sending { index, declared }),
                (PlanAnswer::Have, None) => {
                    return Err(faults::answer_unfit("plan upload", "has a file it does not know the digest of"));
                }
                (PlanAnswer::DigestFirst, Some(_)) => {
                    return Err(faults::answer_unfit("plan upload", "wants a digest it has been given"));
                }
            }
        }
        Ok(undigested)
    }

    /// Binds paths to blobs that are here. One that is gone meanwhile is wanted after all.
    async fn bind(&self, here: Vec<(usize, ContentAddress)>, wanted: &mut Vec<Sending>) -> Result<Round, Fault> {
        let mut round = Round::default();
        if here.is_empty() {
            return Ok(round);
        }
        let known = |&(index, address): &(usize, ContentAddress)| KnownFile {
            header: read::header(&self.files[index], Some(address)),
            address,
        };
        let files: Vec<_> = here.iter().map(known).collect();
        let answers = match retry::once(|| self.connection.commit_files(&self.upload, files.clone())).await {
            Ok(answers) => answers,
            Err(fault) => {
                round.note(fault)?;
                return Ok(round);
            }
        };
        if answers.len() != here.len() {
            return Err(faults::answer_unfit("commit files", "answered about other files than it was asked about"));
        }
        for ((index, address), answer) in here.into_iter().zip(answers) {
            match answer {
                Ok(record) => {
                    self.require_answers(index, Some(address), &record)?;
                    self.progress.on(Step::Bytes(record.size_bytes));
                    self.progress.on(Step::Files(1));
                    round.done.push(index);
                }
                Err(fault) if fault.category == Category::NotFound => {
                    wanted.push(Sending { index, declared: Some(address) });
                }
                Err(fault) => round.note(fault)?,
            }
        }
        Ok(round)
    }
}
