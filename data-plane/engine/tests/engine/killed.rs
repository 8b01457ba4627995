//! Processes that push into one bucket side by side and are killed at any moment: what was acknowledged is there, what
//! was not hinders nobody, and what they left half done is swept.

use std::{
    env,
    io::{BufRead as _, BufReader, Write as _},
    process::{Command, Stdio},
    sync::{Arc, mpsc},
    time::{Duration, Instant},
};

use artifactstore_dataplane::{DataPlane, IngestHints, conformance::Content};
use artifactstore_engine::Engine;
use artifactstore_testkit::{ManualClock, rgw::TestBucket};
use artifactstore_types::{ByteRange, Clock as _, Location, SystemClock};
use futures::{StreamExt as _, TryStreamExt as _, stream};

use crate::support::{
    backend_id,
    bucket::{Bucket, backend_at},
    open, options,
};

const ROUNDS: u64 = 6;
const SMALL: u64 = 150;
/// In one piece; and in parts.
const LARGE: [usize; 3] = [300_000, 9_000_000, 20_000_000];
/// What a process that is to push finds in its environment: which push it is, and where.
const VARIABLE: &str = "ARTIFACTSTORE_ENGINE_TEST_PUSH";
/// What it says of a blob that was acknowledged begins so.
const ACKNOWLEDGED: &str = "acknowledged";

/// The blobs of a push; one in seven is the same in every push.
fn small(push: u64, nth: u64) -> Content {
    let seed = if nth.is_multiple_of(7) { nth } else { push * 1_000 + nth };
    Content::new(seed, 2_000)
}

fn large(push: u64, nth: u64) -> Content {
    Content::new(push * 1_000 + 500 + nth, LARGE[usize::try_from(nth).unwrap() % LARGE.len()])
}

/// Pushes, where it was started for that by the test below.
#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_may_be_killed() {
    let Ok(push) = env::var(VARIABLE) else { return };
    let mut words = push.split(' ').map(str::to_owned);
    let mut word = || words.next().unwrap();
    let push = word().parse().unwrap();
    let at = TestBucket {
        endpoint: word(),
        region: word(),
        bucket: word(),
        prefix: word(),
        access_key_id: word(),
        secret_access_key: word(),
    };
    let engine = open(backend_at(&at)).await;
    for nth in 0..2 * LARGE.len() as u64 {
        let content = large(push, nth);
        let declared = nth.is_multiple_of(2).then(|| content.address());
        let hints = IngestHints { declared, ..IngestHints::default() };
        let receipt = engine.ingest_stream(hints, content.stream(60_000)).await.unwrap();
        say(&format!("{ACKNOWLEDGED} large {nth} {}", at_place(&receipt.location)));
    }
    let blobs: Vec<_> = (0..SMALL).map(|nth| small(push, nth).blob()).collect();
    let mut answers = engine.ingest_batch(None, stream::iter(blobs).boxed());
    let mut nth = 0;
    while let Some(receipt) = answers.try_next().await.unwrap() {
        say(&format!("{ACKNOWLEDGED} small {nth} {}", at_place(&receipt.location)));
        nth += 1;
    }
    engine.close().await;
}

fn at_place(location: &Location) -> String {
    format!("{} {} {}", location.key, location.offset, location.length)
}

/// Says a line and makes sure that it is out: a line that was read was acknowledged before.
fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    // A line of its own, also behind what the test runner says.
    let _ = writeln!(out, "\n{line}").and_then(|()| out.flush());
}

/// What a process was told, as far as it could still say so.
struct Told {
    blobs: Vec<(Content, Location)>,
    ended_well: bool,
}

/// Runs a push in a process of its own, which is killed when `after` has passed.
fn push(at: &TestBucket, push: u64, after: Option<Duration>) -> Told {
    let TestBucket { endpoint, region, bucket, prefix, access_key_id, secret_access_key } = at;
    let mut child = Command::new(env::current_exe().unwrap())
        .args(["--exact", "killed::a_process_that_may_be_killed", "--nocapture"])
        .env(VARIABLE, format!("{push} {endpoint} {region} {bucket} {prefix} {access_key_id} {secret_access_key}"))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let out = BufReader::new(child.stdout.take().unwrap());
    let (lines, said) = mpsc::channel();
    let reader = std::thread::spawn(move || out.lines().map_while(Result::ok).try_for_each(|line| lines.send(line)));
    let deadline = after.map(|after| Instant::now() + after);
    let mut blobs = Vec::new();
    loop {
        let line = match deadline {
            Some(deadline) => said.recv_timeout(deadline.saturating_duration_since(Instant::now())),
            None => said.recv().map_err(|_| mpsc::RecvTimeoutError::Disconnected),
        };
        match line {
            Ok(line) => blobs.extend(told(push, &line)),
            Err(mpsc::RecvTimeoutError::Disconnected) => break,
            Err(mpsc::RecvTimeoutError::Timeout) => {
                child.kill().unwrap();
                // What was said before counts.
                blobs.extend(said.iter().filter_map(|line| told(push, &line)));
                break;
            }
        }
    }
    reader.join().unwrap().unwrap();
    Told { blobs, ended_well: child.wait().unwrap().success() }
}

fn told(push: u64, line: &str) -> Option<(Content, Location)> {
    let words: Vec<_> = line.split(' ').collect();
    let [ACKNOWLEDGED, kind, nth, key, offset, length] = words[..] else { return None };
    let nth = nth.parse().unwrap();
    let content = if kind == "small" { small(push, nth) } else { large(push, nth) };
    let (offset, length) = (offset.parse().unwrap(), length.parse().unwrap());
    Some((content, Location { backend_id: backend_id(), key: key.to_owned(), offset, length }))
}

async fn must_be_there(engine: &Engine, told: &[(Content, Location)], what: &str) {
    for (content, location) in told {
        let served = engine.serve_object(content.address(), location, ByteRange::ALL).await;
        let served = served.unwrap_or_else(|fault| panic!("{what}: {location:?}: {fault:?}"));
        let bytes: Vec<_> = served.bytes.try_collect().await.unwrap();
        assert!(bytes.concat() == content.bytes, "{what}: {location:?}");
    }
    let addresses: Vec<_> = told.iter().map(|(content, _)| content.address()).collect();
    let have = engine.have_objects(None, &addresses).await.unwrap();
    assert!(have.iter().all(Option::is_some), "{what}: what was acknowledged is not here");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_is_there_however_its_process_ended() {
    let Some(bucket) = Bucket::find().await else { return };
    let run = |number, after| {
        let at = bucket.at.clone();
        tokio::task::spawn_blocking(move || push(&at, number, after))
    };
    let began = Instant::now();
    let whole = run(0, None).await.unwrap();
    let span = began.elapsed();
    assert!(whole.ended_well && whole.blobs.len() as u64 == SMALL + 2 * LARGE.len() as u64);
    let mut told = whole.blobs;

    let (mut state, mut killed, mut last_killed) = (u64::from(std::process::id()) | 1, 0, 0);
    for round in 1..=ROUNDS {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let share = f64::from(u32::try_from(state >> 32).unwrap()) / f64::from(u32::MAX);
        // Beside one that is let be, which takes longer with two of them.
        let (dying, other) = (run(2 * round, Some(span.mul_f64(1.5 * share))), run(2 * round + 1, None));
        let (dying, other) = (dying.await.unwrap(), other.await.unwrap());
        assert!(other.ended_well, "a process is hindered by another that was killed, in round {round}");
        if !dying.ended_well {
            (killed, last_killed) = (killed + 1, 2 * round);
        }
        let fresh = open(bucket.straight()).await;
        for now in [dying.blobs, other.blobs] {
            must_be_there(&fresh, &now, &format!("round {round}")).await;
            told.extend(now);
        }
        fresh.close().await;
    }
    assert!(killed > ROUNDS / 3, "only {killed} of {ROUNDS} were killed");
    let again = run(last_killed, None).await.unwrap();
    assert!(again.ended_well, "what was cut short cannot be pushed again");
    told.extend(again.blobs);

    // A day later nothing of what was half done is left, and nothing else is gone.
    let mut tomorrow = options(bucket.straight());
    tomorrow.clock = Arc::new(ManualClock::at(SystemClock.now().plus_seconds(25 * 60 * 60)));
    let engine = Engine::open(tomorrow).await.unwrap();
    let swept = async {
        while !bucket.uploads().await.is_empty() || staged(&bucket).await > 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_mins(1), swept).await.expect("something is left half done");
    must_be_there(&engine, &told, "after the sweep").await;
}

async fn staged(bucket: &Bucket) -> usize {
    bucket.objects().list(Some(&"staging".into())).count().await
}
