//! `completions`

use clap::CommandFactory as _;

use super::Ended;
use crate::{
    args::{Cli, Completions},
    context::Context,
    output::Stop,
};

pub fn run(arguments: &Completions, context: &mut Context) -> Result<Ended, Stop> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut Cli::command(), "artifactstore", &mut script);
    context.output.bytes(&script)?;
    Ok(Ended::Well)
}
