//! `nodes`

use super::Ended;
use crate::{
    args::{ListNodes, Nodes},
    context::Context,
    output::Stop,
    render::node,
    store::Missing,
};

pub async fn run(part: Nodes, context: &mut Context) -> Result<Ended, Stop> {
    let record = context
        .with_store(Missing::Refuse, async |context, connection| {
            let actor = context.actor.clone();
            Ok(Some(match &part {
                Nodes::Ls(arguments) => {
                    let &ListNodes { status, all } = arguments;
                    let nodes = context.until_stopped(connection.list_nodes(status, all)).await?;
                    if context.output.json {
                        nodes.iter().try_for_each(|record| context.output.object(&node::json(record)))?;
                    } else {
                        context.output.line(&node::table(&nodes))?;
                    }
                    return Ok(None);
                }
                Nodes::Show(one) => context.until_stopped(connection.load_node(&one.node)).await?,
                Nodes::Drain(one) => context.change(connection.drain_node(&actor, &one.node, false)).await?,
                Nodes::Resume(one) => context.change(connection.drain_node(&actor, &one.node, true)).await?,
                Nodes::Remove(one) => context.change(connection.remove_node(&actor, &one.node)).await?,
            }))
        })
        .await?;
    if let Some(record) = record {
        context.output.show(&node::json(&record), || node::shown(&record))?;
    }
    Ok(Ended::Well)
}
