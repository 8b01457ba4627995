//! What can be said to `nodes`.

use artifactstore_types::{NodeId, NodeStatus};
use clap::{
    Args, Subcommand,
    builder::{PossibleValuesParser, TypedValueParser},
};

use super::help;

/// `nodes`
#[derive(Debug, Subcommand)]
pub enum Nodes {
    /// List the nodes, how they are and how much they have to do
    #[command(long_about = help::NODES_LS, after_help = help::NODES_LS_EXAMPLES)]
    Ls(ListNodes),
    /// Show a node and its backends
    #[command(after_help = help::NODES_SHOW_EXAMPLES)]
    Show(OneNode),
    /// Have a node take nothing new
    #[command(long_about = help::NODES_DRAIN, after_help = help::NODES_DRAIN_EXAMPLES)]
    Drain(OneNode),
    /// Have a node that drains take work again
    #[command(after_help = help::NODES_RESUME_EXAMPLES)]
    Resume(OneNode),
    /// Remove a node that takes no work, for ever
    #[command(long_about = help::NODES_REMOVE, after_help = help::NODES_REMOVE_EXAMPLES)]
    Remove(OneNode),
}

/// `nodes ls`
#[derive(Debug, Args)]
pub struct ListNodes {
    /// Only nodes in this state
    #[arg(long, value_parser = status_parser())]
    pub status: Option<NodeStatus>,
    /// Those that were removed, too
    #[arg(long, conflicts_with = "status")]
    pub all: bool,
}

/// `nodes show`, and whatever is done to one node.
#[derive(Debug, Args)]
pub struct OneNode {
    /// The node
    pub node: NodeId,
}

fn status_parser() -> impl TypedValueParser<Value = NodeStatus> {
    let names = NodeStatus::ALL.map(NodeStatus::name);
    PossibleValuesParser::new(names).try_map(|name| NodeStatus::find(&name).ok_or("no such status"))
}
