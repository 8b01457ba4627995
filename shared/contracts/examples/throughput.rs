//! Measures what the crate promises: reductions of a long stream in one thread, in order and out of order, and
//! validations a second. Takes the number of events, a million by default. Meaningful in release builds only.

use std::error::Error;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Seek, Write};
use std::time::Instant;

use artifactstore_contracts::catalogue::{FAMILIES, Family};
use artifactstore_contracts::fixtures;
use artifactstore_contracts::reduction::{Limits, reduce};
use artifactstore_contracts::validator::validate_stream;
use serde_json::{Value, json};

fn main() -> Result<(), Box<dyn Error>> {
    let events: u64 = std::env::args().nth(1).map_or(Ok(1_000_000), |count| count.parse())?;
    let mut out = io::stdout().lock();
    for family in FAMILIES {
        for (order, step) in [("in order", 1), ("shuffled", 611_953)] {
            let mut stream = write_stream(family, events, step)?;
            let bytes = stream.stream_position()?;
            stream.rewind()?;
            let begun = Instant::now();
            let state = reduce(family, BufReader::with_capacity(1 << 18, stream), &Limits::default())?;
            let seconds = begun.elapsed().as_secs_f64();
            let (name, mebibytes, size) = (family.name, bytes >> 20, state.get().len());
            writeln!(
                out,
                "reduce {name}, {events} events {order} ({mebibytes} MiB): {seconds:.2} s, state {size} bytes"
            )?;
        }
    }
    writeln!(out, "{}", peak_memory().unwrap_or_default().trim())?;

    let lines = payload_lines(events.min(200_000))?;
    let begun = Instant::now();
    let tally = validate_stream(lines.as_slice(), io::sink())?;
    let seconds = begun.elapsed().as_secs_f64();
    let count = tally.valid + tally.invalid;
    #[expect(clippy::cast_precision_loss, reason = "a rate is an estimate")]
    let rate = count as f64 / seconds;
    writeln!(out, "validate {count} payloads ({} invalid): {rate:.0} a second", tally.invalid)?;
    Ok(())
}

/// A stream of distinct events, of which a fifth are foreign; the state stays small however many there are.
fn write_stream(family: &Family, events: u64, step: u64) -> Result<File, Box<dyn Error>> {
    let samples = sample_payloads(family)?;
    let mut out = BufWriter::with_capacity(1 << 20, tempfile::tempfile()?);
    for position in 0..events {
        let clock = position * step % events;
        let (event_type, payload) = if clock % 5 == 4 {
            ("SomethingElse".to_owned(), json!({"note": "foreign"}))
        } else {
            samples[usize::try_from(clock)? % samples.len()].clone()
        };
        let event = json!({
            "event_id": format!("01JQ4T1DE0{clock:016}"), "event_type": event_type, "aggregate_id": "bench",
            "timestamp": "2026-03-02T06:15:00.123456Z", "node_id": "node", "lamport_clock": clock,
            "project_uuid": "3f2b7c1e-08d4-4e51-9a6f-5d20c7b1e943", "correlation_id": "01JQ4T1DE00000000000000000",
            "payload": payload,
        });
        writeln!(out, "{event}")?;
    }
    Ok(out.into_inner()?)
}

/// Fixtures that keep a stream going: nothing that ends an audit, opens another dossier or grows the state.
const SAMPLES: &[&str] = &[
    "mission-audit-requested-manual",
    "mission-audit-requested-post-merge",
    "mission-audit-started-valid",
    "dossier-artifact-indexed-valid",
    "dossier-artifact-indexed-supersedes",
    "dossier-artifact-indexed-with-provenance",
    "dossier-snapshot-computed-clean",
];

fn sample_payloads(family: &Family) -> Result<Vec<(String, Value)>, Box<dyn Error>> {
    let cases = fixtures::load_fixtures(family.category)?.into_iter();
    Ok(cases.filter(|case| SAMPLES.contains(&case.id.as_str())).map(|case| (case.event_type, case.payload)).collect())
}

fn payload_lines(count: u64) -> Result<Vec<u8>, Box<dyn Error>> {
    let mut cases = Vec::new();
    for family in FAMILIES {
        cases.extend(fixtures::load_fixtures(family.category)?.into_iter().filter(|case| case.expected_valid));
    }
    let mut lines = Vec::new();
    for case in cases.iter().cycle().take(usize::try_from(count)?) {
        writeln!(lines, "{}", json!({"event_type": case.event_type, "payload": case.payload}))?;
    }
    Ok(lines)
}

fn peak_memory() -> Option<String> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    status.lines().find(|line| line.starts_with("VmHWM")).map(|line| format!("peak memory {line}"))
}
