//! `replay`

use artifactstore_embedded::Registry;
use artifactstore_types::Category;

use super::Ended;
use crate::{
    args::{Global, Replay},
    context::Context,
    database,
    output::Stop,
    progress,
    render::report::{self, CheckedJson, ReplayedJson},
};

pub async fn run(arguments: Replay, global: &Global, context: &mut Context) -> Result<Ended, Stop> {
    let options = database::options(global, context, &database::settings()?)?;
    database::require_existing(&options)?;
    let store = context.until_stopped(Registry::open(&options)).await?;
    let ended = if arguments.check { check(&store, context).await } else { replay(&store, context).await };
    store.close().await;
    ended
}

async fn replay(store: &Registry, context: &mut Context) -> Result<Ended, Stop> {
    let bar = progress::events("folding", context.shows_progress());
    let done = context.change(store.replay(&|done, all| bar.on(done, all))).await?;
    drop(bar);
    let replayed = ReplayedJson { events: done.events, head: done.head };
    context.output.show(&replayed, || report::replayed(&replayed))?;
    Ok(Ended::Well)
}

async fn check(store: &Registry, context: &mut Context) -> Result<Ended, Stop> {
    let bar = progress::events("checking", context.shows_progress());
    let done = context.until_stopped(store.check(&|done, all| bar.on(done, all))).await?;
    drop(bar);
    let findings: Vec<_> = done.findings.iter().map(ToString::to_string).collect();
    let identical = findings.is_empty();
    let checked = CheckedJson { identical, events: done.events, head: done.head, findings: &findings };
    context.output.show(&checked, || report::checked(&checked))?;
    Ok(if identical { Ended::Well } else { Ended::With(Category::DataLoss) })
}
