//! What `--help` says: every setting of a node, and how one is started.

/// A setting, as help tells of it.
pub(super) struct Setting {
    /// Its key in a file.
    pub name: &'static str,
    /// What is taken where nothing is said; nothing where that is nothing.
    pub default: &'static str,
    /// What it is for.
    pub meaning: &'static str,
}

const fn setting(name: &'static str, default: &'static str, meaning: &'static str) -> Setting {
    Setting { name, default, meaning }
}

/// Every setting that can be said in one word, in the order of interest. `backends` is a list and has its own example.
pub(super) const SETTINGS: &[Setting] = &[
    setting("node_id", "", "the name of this node, for ever; must be given"),
    setting("control_planes", "", "where the control planes are, separated by commas; must be given"),
    setting("endpoint", "", "where others reach this node, such as http://node-a:7080; without, where gRPC is served"),
    setting("join_token", "", "what control planes that have one want to know; it never travels"),
    setting("storage_local_root", "./var/storage", "the directory of the one backend, `local`, where none are listed"),
    setting("key_file", "./var/node.pem", "the Ed25519 key that receipts are signed with; made where it is not"),
    setting("zone", "", "where this node stands; clients of the same zone are sent to it first"),
    setting("weight", "100", "how much work it gets in relation to the others; 0 is none"),
    setting("grpc_addr", "127.0.0.1:7080", "where gRPC is served"),
    setting("http_addr", "127.0.0.1:7081", "where /health is served"),
    setting("max_uploads", "64", "how many uploads may be under way at once; each may hold up to 32 MiB"),
    setting("max_downloads", "256", "how many downloads may be under way at once"),
    setting("idle_timeout_seconds", "60", "how long a client may send or take nothing"),
    setting("request_timeout_seconds", "30", "how long a call may take until its answer begins"),
    setting("health_timeout_seconds", "5", "how long the backends may take to say how they are"),
    setting("drain_timeout_seconds", "25", "how long transfers may go on once the process was asked to end"),
    setting("log_level", "info", "error, warn, info, debug, trace, also per module"),
    setting("log_format", "text", "text or json; logs go to standard error"),
];

/// What `--help` says.
pub fn help() -> String {
    let mut help = String::from(
        "A data-plane node of artifactstore: keeps bytes for control planes, and moves them for clients with tickets.\n\n\
        Usage: artifactstore-data-plane            serve until SIGTERM or SIGINT\n       \
        artifactstore-data-plane check      say what the settings mean; nothing is opened or made\n       \
        artifactstore-data-plane --help | --version\n\n\
        It is told what it needs by the TOML file that ARTIFACTSTORE_CONFIG names (the names below in lower case, without\n\
        the prefix), then by the environment; the later wins, and a name that is not known is an error.\n\n",
    );
    help.extend(SETTINGS.iter().map(|Setting { name, default, meaning }| {
        let default = if default.is_empty() { String::new() } else { format!(" [{default}]") };
        format!("  ARTIFACTSTORE_{}{default}\n      {meaning}\n", name.to_uppercase())
    }));
    help += "\nSeveral backends are listed in the file, the one for bytes without a wish first. The id of a backend means one\n\
        store over the whole site:\n\n  \
        [[backends]]\n  \
        id = \"node-a-ssd\"\n  \
        kind = \"local\"\n  \
        root = \"/srv/artifactstore\"\n\n  \
        [[backends]]\n  \
        id = \"rgw\"\n  \
        kind = \"s3\"\n  \
        bucket = \"artifactstore\"\n  \
        endpoint = \"https://rgw.example.org\"\n  \
        index_path = \"/var/lib/artifactstore/rgw.redb\"\n\n\
        A bucket may be shared by nodes that each have it under the same id; its keys are looked for where the AWS tools\n\
        look, or in credentials_file. docs/OPERATOR.md has all words of a bucket.\n\n\
        It starts though no control plane answers yet, and says so in /health and grpc.health.v1. The first key of a node\n\
        id is the only one it may ever have: keep the key file where the bytes are kept. SIGTERM and SIGINT let transfers\n\
        under way finish; a second one ends them.\n\n\
        Examples:\n  \
        ARTIFACTSTORE_NODE_ID=node-a ARTIFACTSTORE_CONTROL_PLANES=http://127.0.0.1:7070 artifactstore-data-plane\n  \
        ARTIFACTSTORE_CONFIG=/etc/artifactstore/node.toml artifactstore-data-plane check\n";
    help
}
