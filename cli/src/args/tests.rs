//! The command line holds together, refuses what is malformed, and says in its help what it always said.

use clap::{Command, CommandFactory as _};

use super::*;

fn refused(line: &str) -> String {
    let words = std::iter::once("artifactstore").chain(line.split_whitespace());
    Cli::try_parse_from(words).unwrap_err().to_string()
}

fn accepted(line: &str) {
    let words = std::iter::once("artifactstore").chain(line.split_whitespace());
    Cli::try_parse_from(words).unwrap();
}

/// The help of every command as an 80-column terminal shows it, the environment of the test aside.
fn help(command: Command) -> String {
    command.term_width(80).render_long_help().to_string()
}

#[test]
fn every_argument_is_well_defined() {
    Cli::command().debug_assert();
}

#[test]
fn help_says_what_it_always_said() {
    let mut root = Cli::command();
    root.build();
    insta::assert_snapshot!("help", help(root.clone()));
    for command in root.get_subcommands().filter(|command| command.get_name() != "help") {
        insta::assert_snapshot!(format!("help_{}", command.get_name()), help(command.clone()));
        for part in command.get_subcommands().filter(|part| part.get_name() != "help") {
            insta::assert_snapshot!(format!("help_{}_{}", command.get_name(), part.get_name()), help(part.clone()));
        }
    }
}

#[test]
fn every_command_explains_itself() {
    let root = Cli::command();
    for command in root.get_subcommands().flat_map(|command| std::iter::once(command).chain(command.get_subcommands()))
    {
        assert!(command.get_about().is_some(), "{}", command.get_name());
        let unexplained: Vec<_> = command.get_arguments().filter(|it| it.get_help().is_none()).collect();
        assert!(unexplained.is_empty(), "{}: {unexplained:?}", command.get_name());
        let examples = command.get_after_help().map(ToString::to_string).unwrap_or_default();
        assert!(examples.starts_with("Examples:\n  "), "{}", command.get_name());
    }
}

#[test]
fn help_is_a_command_too() {
    for line in ["help", "help push", "help contracts validate"] {
        let words = std::iter::once("artifactstore").chain(line.split_whitespace());
        assert_eq!(Cli::try_parse_from(words).unwrap_err().kind(), clap::error::ErrorKind::DisplayHelp, "{line}");
    }
}

const PACKAGE: &str = "01890a5d-ac96-774b-bcce-b302099a8057";

#[test]
fn what_is_said_for_every_command_can_stand_anywhere() {
    accepted("--json ls");
    accepted("ls --json");
    accepted("--embedded x --namespace team -q show 01890a5d-ac96-774b-bcce-b302099a8057 --timeout 5m");
    accepted(&format!("tail -f --type v1.package.created --type v1.package.failed --subject {PACKAGE}"));
}

#[test]
fn malformed_words_are_refused_with_their_rule() {
    let push = "push d --name n --producer p --subject s";
    for (line, rule) in [
        (format!("{push} --class RAW"), "retention class must match"),
        (format!("{push} --class c --meta novalue"), "must be KEY=VALUE"),
        (push.to_owned(), "--class <CLASS>"),
        (format!("{push} --class c --into {PACKAGE}"), "cannot be used with"),
        ("push d --into nonsense".to_owned(), "an identifier is a UUID"),
        (format!("show {}", PACKAGE.to_uppercase()), "hyphenated lower-case"),
        (format!("get {PACKAGE} ../x"), "path climbs"),
        (format!("get {PACKAGE} a//b"), "empty part"),
        (format!("get {PACKAGE} a --range 5-2"), "FIRST-LAST"),
        (format!("pull {PACKAGE} d --manifest-digest sha256:00"), "hexadecimal digits"),
        ("ls --status open".to_owned(), "possible values: created, uploading, finalized, failed, deleted"),
        ("ls --limit 0".to_owned(), "at least 1"),
        ("ls --limit many".to_owned(), "must be a number"),
        ("ls --namespace ../x".to_owned(), "namespace must match"),
        ("tail --since -1".to_owned(), "'-1' for '--since <SEQUENCE>': must be a number from 0 on"),
        ("tail --since 99999999999999999999".to_owned(), "must be a number from 0 on"),
        (format!("get {PACKAGE} a --range -5"), "FIRST-LAST"),
        ("ls --limit -1".to_owned(), "at least 1"),
        ("dev --grpc-addr localhost:7070".to_owned(), "such as 127.0.0.1:7070"),
        ("tail --type a/b".to_owned(), "possible values: v1.package.created, v1.file.ingested"),
        ("tail --type v1.package.finalised".to_owned(), "similar value exists: 'v1.package.finalized'"),
        ("tail --subject x".to_owned(), "an identifier is a UUID"),
        ("tail --subject default/mission-audit/".to_owned(), "stream key"),
        (format!("verify {PACKAGE} --skip-special"), "--dir <DIR>"),
        ("ls --log-level loud".to_owned(), "not a log level"),
        ("ls --timeout soon".to_owned(), "such as 90"),
        ("ls --embedded d --server u".to_owned(), "cannot be used with"),
        ("manifest x".to_owned(), "an identifier is a UUID"),
        (format!("manifest {PACKAGE} --format toml"), "possible values: json, cbor"),
        (format!("fail {PACKAGE}"), "--reason <REASON>"),
        ("migrate --yes".to_owned(), "--fresh"),
        ("completions tcsh".to_owned(), "possible values"),
        ("contracts".to_owned(), "Usage"),
        ("contracts validate".to_owned(), "--type <TYPE>"),
        ("contracts validate --type Nope".to_owned(), "possible values: Event, MissionAuditCompleted"),
        ("contracts validate --type Event --jsonl".to_owned(), "cannot be used with"),
        ("contracts reduce mission".to_owned(), "possible values: mission-audit, mission-dossier"),
        ("contracts fixtures dossiers".to_owned(), "possible values: mission_audit, dossier"),
        ("burn".to_owned(), "unrecognized subcommand"),
    ] {
        let text = refused(&line);
        assert!(text.contains(rule), "{line}: {text}");
    }
}
