//! `migrate`

use std::io::{self, IsTerminal as _, Write as _};

use artifactstore_embedded::Registry;
use artifactstore_types::Fault;
use tokio::task;

use super::Ended;
use crate::{
    args::{Global, Migrate},
    context::Context,
    database, faults,
    output::Stop,
    render::report,
};

pub async fn run(arguments: Migrate, global: &Global, context: &mut Context) -> Result<Ended, Stop> {
    let options = database::options(global, context, &database::settings()?)?;
    if arguments.fresh && !arguments.yes {
        // On a thread of its own, so that an interruption is not kept waiting for an answer.
        let answer = task::spawn_blocking(confirm);
        context.until_stopped(async { answer.await.map_err(faults::no_runtime)? }).await?;
    }
    let store = context.until_stopped(Registry::open(&options)).await?;
    let applied = context.change(store.migrate(arguments.fresh)).await;
    store.close().await;
    let applied = applied?;
    context.output.show(&report::MigratedJson { applied: &applied }, || report::migrated(&applied))?;
    Ok(Ended::Well)
}

/// Asks whoever sits at the terminal; where nobody does, nobody confirms.
fn confirm() -> Result<(), Fault> {
    const WHAT: &str = "migrate --fresh";
    let stdin = io::stdin();
    if !stdin.is_terminal() || !io::stderr().is_terminal() {
        return Err(faults::not_confirmed(WHAT));
    }
    let mut answer = String::new();
    let asked = write!(io::stderr(), "Every package and event in this database will be lost. Type yes to go on: ");
    asked.and_then(|()| stdin.read_line(&mut answer).map(|_| ())).map_err(faults::no_runtime)?;
    if answer.trim() == "yes" { Ok(()) } else { Err(faults::not_confirmed(WHAT)) }
}
