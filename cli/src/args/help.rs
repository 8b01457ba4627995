//! What `--help` teaches beyond a line an argument. Lines of examples stay below 80 columns, where nothing wraps them.

pub const LONG_ABOUT: &str = "\
Preserves evidence: packages of files, each blob stored once under its content address, every change an event in an \
append-only log.

A package is created, filled with files and finalized under a canonical manifest, whose digest is its identity. \
`push` does all of it; `pull` and `verify` prove that nothing has changed since.";

pub const AFTER_HELP: &str = "\
Which store a command works on, the first that is said:
  --embedded DIR           a store in a local directory, without a server
  --server URL             a server
  ARTIFACTSTORE_EMBEDDED   a directory
  ARTIFACTSTORE_SERVER     a URL
  ARTIFACTSTORE_CONFIG     a file with `embedded = \"DIR\"` or `server = \"URL\"`
  http://127.0.0.1:7070    what `artifactstore dev` serves

Exit codes, by the category of what failed:
  0  done                            7    permission_denied, unauthenticated
  1  internal: a defect              8    exhausted: disk full, or over a limit
  2  invalid, out_of_range,          9    unavailable
     unimplemented                   10   deadline_exceeded
  3  not_found                       11   data_loss: bytes missing or altered
  4  already_exists                  130  cancelled: interrupted
  5  failed_precondition             141  standard output was closed early
  6  conflict: changed meanwhile

Examples:
  artifactstore dev
  artifactstore push ./report --name nightly --producer ci \\
    --subject my-service --class raw-evidence
  artifactstore ls --producer ci --status finalized
  artifactstore pull 01890a5d-ac96-774b-bcce-b302099a8057 ./copy
  artifactstore verify 01890a5d-ac96-774b-bcce-b302099a8057 --dir ./report
  artifactstore tail --follow --json | jq .type";

pub const PUSH: &str = "\
Push the files of a directory as a package, and finalize it.

The directory is examined first: symbolic links, sockets, pipes, devices, unreadable files and names that a package \
cannot hold are all reported, and nothing is sent. Hidden files and the executable bit are kept, empty directories are \
not. Bytes the store has already are not sent again. If the push fails, its package is given up; run it again.";

pub const PUSH_EXAMPLES: &str = "\
Examples:
  artifactstore push ./report --name nightly --producer ci \\
    --subject my-service --class raw-evidence
  artifactstore push ./report --name nightly --producer ci \\
    --subject my-service --class raw-evidence \\
    --meta branch=main --meta build=1234 --source-ref git:4f2a9c1

Several jobs can fill one package:
  id=$(artifactstore --json push ./empty --name nightly --producer ci \\
    --subject my-service --class raw-evidence --no-finalize | jq -r .package_id)
  artifactstore push ./job-1 --into $id --no-finalize &
  artifactstore push ./job-2 --into $id --no-finalize & wait
  artifactstore finalize $id";

pub const PULL: &str = "\
Pull a finalized package into a directory.

The manifest is checked against the package and every file against the manifest while it is written; a file gets its \
name only once its bytes are proven and durable. Nothing is written outside the directory, and no symbolic link in it is followed.";

pub const PULL_EXAMPLES: &str = "\
Examples:
  artifactstore pull 01890a5d-ac96-774b-bcce-b302099a8057 ./copy
  artifactstore pull 01890a5d-ac96-774b-bcce-b302099a8057 ./copy \\
    --manifest-digest blake3:0d197521d9a48760576da1c87dfd828a60d397ea1e16f9…";

pub const GET: &str = "\
Write one file of a package, or a range of it.

The whole of a file is compared with its digest. With -o, the file appears only once that has succeeded; on standard \
output the bytes are gone by then, and the exit code tells.";

pub const GET_EXAMPLES: &str = "\
Examples:
  artifactstore get 01890a5d-ac96-774b-bcce-b302099a8057 reports/report.md
  artifactstore get 01890a5d-ac96-774b-bcce-b302099a8057 big.log --range 0-1023
  artifactstore get 01890a5d-ac96-774b-bcce-b302099a8057 data.bin -o data.bin";

pub const LS_EXAMPLES: &str = "\
Examples:
  artifactstore ls --producer ci --status finalized --limit 10
  artifactstore ls --json | jq -r 'select(.file_count == 0) | .package_id'";

pub const SHOW_EXAMPLES: &str = "\
Examples:
  artifactstore show 01890a5d-ac96-774b-bcce-b302099a8057 --files
  artifactstore show 01890a5d-ac96-774b-bcce-b302099a8057 --json | jq .status";

pub const MANIFEST: &str = "\
Write the manifest of a finalized package, byte for byte.

The CBOR form (RFC 8949, deterministic) is the one whose BLAKE3 is the manifest digest, and what is written unless \
another form is asked for or a terminal would get it. The JSON form (RFC 8785) says the same.";

pub const MANIFEST_EXAMPLES: &str = "\
Examples:
  artifactstore manifest 01890a5d-ac96-774b-bcce-b302099a8057 | b3sum
  artifactstore manifest 01890a5d-ac96-774b-bcce-b302099a8057 --format json \\
    | jq -r '.files[].relative_path'";

pub const VERIFY: &str = "\
Read every stored byte of a finalized package again, compare both digests, recompute the manifest digest and hold the \
registry to the manifest.

With --dir, also compare a directory with it: missing, extra and altered files, and executable bits. What was pushed with \
--skip-special is compared with it. Every finding is reported; if there is one, the exit code is 11.";

pub const VERIFY_EXAMPLES: &str = "\
Examples:
  artifactstore verify 01890a5d-ac96-774b-bcce-b302099a8057
  artifactstore verify 01890a5d-ac96-774b-bcce-b302099a8057 --dir ./report
  artifactstore verify 01890a5d-ac96-774b-bcce-b302099a8057 --dir ./report \\
    --skip-special";

pub const FINALIZE: &str = "\
Close an open package under its manifest. Nothing in it can change afterwards. Finalizing again gives the same answer.";

pub const FINALIZE_EXAMPLES: &str = "\
Examples:
  artifactstore finalize 01890a5d-ac96-774b-bcce-b302099a8057
  artifactstore finalize 01890a5d-ac96-774b-bcce-b302099a8057 --json \\
    | jq -r .manifest_digest";

pub const FAIL_EXAMPLES: &str = "\
Examples:
  artifactstore fail 01890a5d-ac96-774b-bcce-b302099a8057 \\
    --reason \"the run was cancelled\"";

pub const TAIL: &str = "\
List events in the order they happened, without hole or repeat.

With --json, each line is one event: sequence, event_id, type, namespace, subject_kind, subject_id, actor, recorded_at, \
payload_digest and payload. To go on where a reader stopped, give --since the last sequence it saw.";

pub const TAIL_EXAMPLES: &str = "\
Examples:
  artifactstore tail --since 1042 --follow
  artifactstore tail --type v1.package.finalized --json \\
    | jq -r .payload_digest";

pub const HEALTH: &str = "\
Say how the store is: its database, and each backend. The exit code is 0 while it serves and 9 while it does not.";

pub const HEALTH_EXAMPLES: &str = "\
Examples:
  artifactstore health
  artifactstore health --server http://store:7070 --json | jq .backends";

pub const DEV: &str = "\
Run a server on this machine, for development and small sites: control plane and data plane in one process, on SQLite \
and a directory below ./var, until interrupted.";

pub const DEV_EXAMPLES: &str = "\
Examples:
  artifactstore dev
  artifactstore dev --grpc-addr 0.0.0.0:7070 --embedded /srv/artifactstore
  ARTIFACTSTORE_DATABASE_URL=postgres://store@db/artifacts artifactstore dev";

pub const MIGRATE: &str = "\
Bring a database up to date: that of --embedded DIR, or the one ARTIFACTSTORE_DATABASE_URL names.";

pub const MIGRATE_EXAMPLES: &str = "\
Examples:
  artifactstore migrate --embedded ./var
  ARTIFACTSTORE_DATABASE_URL=postgres://store@db/artifacts artifactstore migrate
  artifactstore migrate --fresh --yes --embedded ./var";

pub const REPLAY: &str = "\
Empty the views and fold the event log again: those of --embedded DIR, or of the database ARTIFACTSTORE_DATABASE_URL \
names. The result is what was there before, byte for byte; --check proves it and changes nothing. With --check, the \
exit code is 11 if anything is wrong.";

pub const REPLAY_EXAMPLES: &str = "\
Examples:
  artifactstore replay --check --embedded ./var";

pub const VERSION_EXAMPLES: &str = "\
Examples:
  artifactstore version
  artifactstore version --json | jq -r .version";

pub const COMPLETIONS_EXAMPLES: &str = "\
Examples:
  artifactstore completions bash \\
    > ~/.local/share/bash-completion/completions/artifactstore
  artifactstore completions fish \\
    > ~/.config/fish/completions/artifactstore.fish";

pub const CONTRACTS: &str = "\
Validate, reduce and keep the events of contracts that others rely on: payloads of known types, the streams they travel \
in, their JSON Schemas and fixtures.

`append`, `state`, `watch` and `verify` work on a store; the others on files and standard input, and need none.";

pub const CONTRACTS_EXAMPLES: &str = "\
Examples:
  artifactstore contracts fixtures dossier
  artifactstore contracts validate --type MissionAuditStarted payload.json
  artifactstore contracts validate --jsonl payloads.jsonl
  artifactstore contracts reduce mission-audit events.jsonl
  artifactstore contracts schemas --out ./schemas
  artifactstore contracts append events.jsonl
  artifactstore contracts state mission-audit \\
    3f2b7c1e-08d4-4e51-9a6f-5d20c7b1e943/field-survey/audit-5";

pub const VALIDATE: &str = "\
Validate a payload, or with --jsonl a stream of them, against the types and the JSON Schemas of a contract.

Writes one JSON object for the payload, or for each line: event_type, valid, model_violations and schema_violations. \
Whatever is no JSON, or longer than 16 MiB, is invalid too. The exit code is 0 if everything is valid and 2 if \
anything is not.";

pub const VALIDATE_EXAMPLES: &str = "\
Examples:
  artifactstore contracts validate --type MissionAuditStarted payload.json
  artifactstore contracts validate --type Event < envelope.json
  jq -c '{event_type, payload}' events.jsonl \\
    | artifactstore contracts validate --jsonl \\
    | jq -c 'select(.valid | not)'";

pub const REDUCE: &str = "\
Reduce a stream of envelopes, one JSON object a line, to the state they amount to, and write it as JSON, its fields in \
the order of the contract. The lines may be in any order, repeat each other, and be more than fit in memory: long \
streams are sorted in the temporary directory (TMPDIR).

A stream without a state is answered on standard output too, with {\"error\": …, \"message\": …}, and the exit code is 2.";

pub const REDUCE_EXAMPLES: &str = "\
Examples:
  artifactstore contracts reduce mission-audit events.jsonl
  zcat events.jsonl.gz | artifactstore contracts reduce mission-dossier \\
    | jq .event_count";

pub const SCHEMAS: &str = "\
List the JSON Schemas of all contracts, write them into a directory, or check that they say what the types say.

With --check alone, the schemas that the command validates with are checked; with --check --out DIR, those in the \
directory. The exit code is 2 if one has drifted.";

pub const SCHEMAS_EXAMPLES: &str = "\
Examples:
  artifactstore contracts schemas
  artifactstore contracts schemas --json \\
    | jq 'select(.name == \"event.schema.json\").schema'
  artifactstore contracts schemas --out ./schemas
  artifactstore contracts schemas --check --out ./schemas";

pub const FIXTURES_EXAMPLES: &str = "\
Examples:
  artifactstore contracts fixtures
  artifactstore contracts fixtures dossier --json \\
    | jq -r 'select(.expected_result == \"invalid\").path'";

pub const APPEND: &str = "\
Append events to a store: envelopes, one JSON object a line. Each is validated, its payload too, before it is stored; it \
belongs to the one stream that its contents name.

Says for each line where the event stands, or why it was refused; other lines are stored all the same, unless \
--all-or-none is said. An event that is there already, byte for byte, is accepted again, so the same file can be \
appended again. If a line was refused, the exit code is that of the first.";

pub const APPEND_EXAMPLES: &str = "\
Examples:
  artifactstore contracts append events.jsonl
  artifactstore contracts append --json events.jsonl \\
    | jq -c 'select(.code)'
  producer --emit-events | artifactstore contracts append --all-or-none";

pub const STATE: &str = "\
Write the state of a stream that a store keeps, as JSON, its fields in the order of the contract: what `contracts reduce` \
makes of the same events. With --json, the object around it also says sequence, event_count and failed.

A stream without a state is answered with {\"error\": …, \"message\": …}, and the exit code is 2.";

pub const STATE_EXAMPLES: &str = "\
Examples:
  artifactstore contracts state mission-audit \\
    3f2b7c1e-08d4-4e51-9a6f-5d20c7b1e943/field-survey/audit-5
  artifactstore contracts state mission-dossier \\
    3f2b7c1e-08d4-4e51-9a6f-5d20c7b1e943/017-tides/main/field-survey/3.1.0 \\
    --at 1042 | jq .parity_status";

pub const WATCH: &str = "\
Write the state of a stream, and then each new one, a line each, until interrupted. A stream without an event is waited \
for; changes that come faster than they are read are told by the last of them.";

pub const WATCH_EXAMPLES: &str = "\
Examples:
  artifactstore contracts watch mission-audit \\
    3f2b7c1e-08d4-4e51-9a6f-5d20c7b1e943/field-survey/audit-5 \\
    | jq -r .audit_status";

pub const PARITY: &str = "\
Hold the files that a state speaks of against a finalized package of the same namespace: the artifacts of a dossier, or \
the report of an audit. Paths are compared with paths and SHA-256 with SHA-256, and stored bytes are read again.

Says for each path that is not as the state says whether it is missing, mutated, unknown to the state or damaged in \
storage, and what could not be compared; with --json, every path. The exit code is 11 if anything differs.";

pub const PARITY_EXAMPLES: &str = "\
Examples:
  artifactstore contracts verify mission-dossier \\
    3f2b7c1e-08d4-4e51-9a6f-5d20c7b1e943/017-tides/main/field-survey/3.1.0 \\
    01890a5d-ac96-774b-bcce-b302099a8057";
