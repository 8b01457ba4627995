//! Sources that fail at every point, and what comes out of it.

use std::sync::{Arc, Mutex};

use artifactstore_types::Retry;
use futures::{FutureExt as _, TryStreamExt as _};
use proptest::prelude::*;

use super::*;

/// What a source does.
#[derive(Clone, Debug)]
struct Script {
    bytes: Vec<u8>,
    verified: bool,
    /// After how many bytes it fails, and how; `None` in the first place refuses at once.
    fails: Option<(Option<usize>, Category)>,
}

fn blob() -> Vec<u8> {
    (0..100).collect()
}

fn good() -> Script {
    Script { bytes: blob(), verified: true, fails: None }
}

fn broken(after: usize, category: Category) -> Script {
    Script { fails: Some((Some(after), category)), ..good() }
}

fn fault(category: Category) -> Fault {
    Fault::new("AS-TEST-0001", category, "the source fails")
}

fn source(script: Script, asked: Arc<Mutex<Vec<ByteRange>>>) -> Source {
    Box::new(move |range| {
        asked.lock().unwrap().push(range);
        let served = || {
            let all = range.resolve(script.bytes.len() as u64).map_err(|_| fault(Category::OutOfRange))?;
            let bytes: Vec<_> = all.clone().map(|at| script.bytes[usize::try_from(at).unwrap()]).collect();
            let (limit, ending) = match script.fails {
                Some((None, category)) => return Err(fault(category)),
                Some((Some(after), category)) => (after.min(bytes.len()), Some(Err(fault(category)))),
                None => (bytes.len(), None),
            };
            let chunks: Vec<_> = bytes[..limit].chunks(7).map(|chunk| Ok(Bytes::copy_from_slice(chunk))).collect();
            let bytes = stream::iter(chunks.into_iter().chain(ending)).boxed();
            Ok(Reading { size_bytes: script.bytes.len() as u64, range: all, verified: script.verified, bytes })
        };
        let served = served();
        async move { served }.boxed()
    })
}

async fn read(range: ByteRange, scripts: Vec<Script>) -> (Result<Vec<u8>, Fault>, Vec<ByteRange>) {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let sources: Vec<_> = scripts.into_iter().map(|script| source(script, Arc::clone(&asked))).collect();
    let served = resumed(ContentAddress::of(&blob()), range, sources, fault(Category::NotFound)).await;
    let came = match served {
        Ok(reading) => reading.bytes.try_collect::<Vec<_>>().await.map(|chunks| chunks.concat()),
        Err(fault) => Err(fault),
    };
    let asked = asked.lock().unwrap().clone();
    (came, asked)
}

#[tokio::test]
async fn goes_on_at_the_byte_where_the_last_source_failed() {
    let scripts = vec![broken(30, Category::Unavailable), broken(10, Category::Unavailable), good(), good()];
    let (came, asked) = read(ByteRange::ALL, scripts).await;
    assert_eq!(came.unwrap(), blob());
    let rest = |offset| ByteRange { offset, length: Some(100 - offset) };
    assert_eq!(asked, [ByteRange::ALL, rest(30), rest(40)]);
}

#[tokio::test]
async fn passes_over_sources_that_do_not_answer() {
    let refuses = Script { fails: Some((None, Category::Unavailable)), ..good() };
    assert_eq!(read(ByteRange::ALL, vec![refuses.clone(), good()]).await.0.unwrap(), blob());
    assert_eq!(read(ByteRange::ALL, vec![refuses]).await.0.unwrap_err().retry, Retry::SameRequest);
    assert_eq!(read(ByteRange::ALL, vec![]).await.0.unwrap_err().category, Category::NotFound);
}

#[tokio::test]
async fn does_not_go_on_with_damaged_bytes_once_some_were_passed_on() {
    let (came, asked) = read(ByteRange::ALL, vec![broken(30, Category::DataLoss), good()]).await;
    assert_eq!((came.unwrap_err().category, asked.len()), (Category::DataLoss, 1));
    let (came, _) = read(ByteRange::ALL, vec![broken(0, Category::DataLoss), good()]).await;
    assert_eq!(came.unwrap(), blob());
}

#[tokio::test]
async fn a_range_beyond_the_end_is_refused_by_the_first_that_knows() {
    let range = ByteRange { offset: 101, length: None };
    let (came, asked) = read(range, vec![good(), good()]).await;
    assert_eq!((came.unwrap_err().category, asked.len()), (Category::OutOfRange, 1));
}

#[tokio::test]
async fn what_was_promised_to_be_verified_is_verified_though_it_came_in_pieces() {
    let mut other = good();
    other.bytes[80] ^= 1;
    let unverified = Script { verified: false, ..other.clone() };
    for second in [other, unverified] {
        let (came, _) = read(ByteRange::ALL, vec![broken(50, Category::Unavailable), second]).await;
        assert_eq!(&*came.unwrap_err().code, "AS-CLIENT-0020");
    }
}

#[tokio::test]
async fn a_part_that_was_promised_to_be_verified_comes_from_one_source() {
    let part = ByteRange { offset: 10, length: Some(50) };
    let unverified = |script: Script| Script { verified: false, ..script };
    let (came, asked) = read(part, vec![broken(20, Category::Unavailable), good()]).await;
    assert_eq!((came.unwrap_err().category, asked.len()), (Category::Unavailable, 1));
    let (came, _) = read(part, vec![broken(0, Category::Unavailable), unverified(good()), good()]).await;
    assert_eq!(came.unwrap(), blob()[10..60]);
    let (came, _) = read(part, vec![unverified(broken(20, Category::Unavailable)), good()]).await;
    assert_eq!(came.unwrap(), blob()[10..60]);
}

#[tokio::test]
async fn a_blob_of_another_size_is_no_source() {
    let longer = Script { bytes: vec![0; 101], ..good() };
    let (came, _) = read(ByteRange::ALL, vec![broken(50, Category::Unavailable), longer, good()]).await;
    assert_eq!(came.unwrap(), blob());
}

#[tokio::test(start_paused = true)]
async fn a_source_that_falls_silent_is_given_up() {
    let silent: Source = Box::new(|_| {
        let silent = Reading { size_bytes: 100, range: 0..100, verified: true, bytes: stream::pending().boxed() };
        async move { Ok(silent) }.boxed()
    });
    let sources = [silent, source(good(), Arc::default())];
    let served = resumed(ContentAddress::of(&blob()), ByteRange::ALL, sources, fault(Category::NotFound)).await;
    assert_eq!(served.unwrap().bytes.try_collect::<Vec<_>>().await.unwrap().concat(), blob());
}

fn script() -> impl Strategy<Value = Script> {
    let category = prop_oneof![Just(Category::Unavailable), Just(Category::DataLoss), Just(Category::NotFound)];
    let fails = prop::option::of((prop::option::of(0_usize..110), category));
    (any::<bool>(), fails, prop::option::weighted(0.2, 0_usize..100)).prop_map(|(verified, fails, flipped)| {
        let mut script = Script { verified, fails, ..good() };
        if let Some(at) = flipped {
            script.bytes[at] ^= 1;
        }
        script
    })
}

proptest! {
    #[test]
    fn never_ends_well_with_bytes_that_were_promised_and_are_wrong(
        mut scripts in prop::collection::vec(script(), 1..5), offset in 0_u64..100, length in prop::option::of(0_u64..120),
    ) {
        // A source keeps its own promises: it ends damaged bytes with a fault.
        for script in &mut scripts {
            if script.verified && script.bytes != blob() && script.fails.is_none() {
                script.fails = Some((Some(100), Category::DataLoss));
            }
        }
        let all_keep = scripts.iter().all(|script| script.verified);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        for range in [ByteRange::ALL, ByteRange { offset, length }] {
            let (came, _) = runtime.block_on(read(range, scripts.clone()));
            let wanted = range.resolve(100).unwrap();
            let wanted = &blob()[usize::try_from(wanted.start).unwrap()..usize::try_from(wanted.end).unwrap()];
            if let Ok(came) = came {
                prop_assert_eq!(came.len(), wanted.len());
                prop_assert!(!all_keep || came == wanted);
            }
        }
    }
}
