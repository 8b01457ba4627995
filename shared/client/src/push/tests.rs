//! What a push sends, and what becomes of the package when the store or the directory do not do as they should.

use std::{fs, future::pending, os::unix::fs::PermissionsExt as _, sync::Mutex};

use artifactstore_types::{Category, ContentAddress, Outcome, PackageStatus, PlanAnswer};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::fake::{Call, Fake, SMALL, lasting, new_package, passing, stopped};

fn directory(files: &[(&str, usize)]) -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    for (path, size) in files {
        let file = directory.path().join(path);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        let bytes: Vec<u8> = path.bytes().cycle().take(*size).collect();
        fs::write(file, bytes).unwrap();
    }
    directory
}

fn request(directory: &TempDir) -> PushRequest {
    PushRequest {
        directory: directory.path().to_owned(),
        target: PushTarget::New(Box::new(new_package())),
        actor: "somebody".parse().unwrap(),
        replace: false,
        finalize: true,
        skip_special: false,
    }
}

async fn run(fake: &Fake, request: PushRequest) -> Result<Pushed, Fault> {
    push(&fake.connection(), request, Arc::new(()), pending()).await
}

fn into_open(directory: &TempDir, id: PackageId) -> PushRequest {
    PushRequest { target: PushTarget::Open(id), finalize: false, ..request(directory) }
}

fn status(fake: &Fake, fault: &Fault) -> PackageStatus {
    let state = fake.state();
    let package = state.packages.values().next_back().unwrap();
    assert!(fault.message.contains(&package.package_id.to_string()), "{fault} names the package");
    package.status
}

const MIXED: &[(&str, usize)] =
    &[("empty", 0), (".dot/file", 10), ("small", SMALL), ("large", SMALL + 1), ("larger", 700_000), ("z/é", 3)];

#[tokio::test]
async fn everything_arrives_as_it_is() {
    let directory = directory(MIXED);
    fs::set_permissions(directory.path().join("small"), fs::Permissions::from_mode(0o755)).unwrap();
    let fake = Fake::default();
    let pushed = run(&fake, request(&directory)).await.unwrap();
    let total: usize = MIXED.iter().map(|(_, size)| size).sum();
    assert_eq!((pushed.file_count, pushed.bytes, pushed.bytes_sent), (6, total as u64, total as u64));
    assert_eq!((pushed.package.status, pushed.package.file_count), (PackageStatus::Finalized, 6));
    let state = fake.state();
    for (path, _) in MIXED {
        let record = &state.files[&(pushed.package.package_id, path.parse().unwrap())];
        let bytes = fs::read(directory.path().join(path)).unwrap();
        assert_eq!(record.content_address, ContentAddress::of(&bytes), "{path}");
        assert_eq!(record.executable, *path == "small");
    }
}

#[tokio::test]
async fn a_second_push_sends_only_what_is_new() {
    let directory = directory(MIXED);
    let fake = Fake::default();
    run(&fake, request(&directory)).await.unwrap();
    let again = run(&fake, request(&directory)).await.unwrap();
    assert_eq!((again.bytes_sent, again.package.file_count), (0, 6));
    assert_eq!(fake.calls(Call::IngestFiles), 1, "no stream is opened for nothing");
    fs::write(directory.path().join("small"), vec![1; SMALL]).unwrap();
    assert_eq!(run(&fake, request(&directory)).await.unwrap().bytes_sent, SMALL as u64);
}

#[tokio::test]
async fn a_blob_that_is_gone_after_all_is_sent() {
    let directory = directory(MIXED);
    let fake = Fake::default();
    let first = run(&fake, request(&directory)).await.unwrap();
    fake.state().mischief.forgets = true;
    let again = run(&fake, request(&directory)).await.unwrap();
    assert_eq!((again.bytes_sent, again.package.file_count), (first.bytes_sent, 6));
}

#[tokio::test]
async fn nothing_reaches_the_store_when_the_directory_is_refused() {
    let directory = directory(&[("back\\slash", 1)]);
    let fake = Fake::default();
    assert_eq!(run(&fake, request(&directory)).await.unwrap_err().code, "AS-CLIENT-0003");
    assert_eq!(fake.calls(Call::Create), 0);
}

#[tokio::test]
async fn special_files_left_out_are_reported() {
    let directory = directory(&[("file", 1)]);
    std::os::unix::fs::symlink("file", directory.path().join("link")).unwrap();
    let request = PushRequest { skip_special: true, ..request(&directory) };
    let pushed = run(&Fake::default(), request).await.unwrap();
    assert_eq!((pushed.file_count, pushed.skipped.len()), (1, 1));
    assert_eq!(pushed.skipped[0].path, "link");
}

#[tokio::test]
async fn a_package_is_left_open_when_asked() {
    let directory = directory(MIXED);
    let request = PushRequest { finalize: false, ..request(&directory) };
    let pushed = run(&Fake::default(), request).await.unwrap();
    assert_eq!((pushed.package.status, pushed.package.file_count), (PackageStatus::Uploading, 6));
}

#[tokio::test(start_paused = true)]
async fn passing_failures_of_every_call_are_repeated() {
    let directory = directory(MIXED);
    for after_effect in [false, true] {
        let fake = Fake::default();
        for call in [Call::Plan, Call::IngestFile, Call::Finalize] {
            fake.fail(call, after_effect, passing().with_unknown_outcome());
        }
        fake.fail(Call::Create, false, passing());
        let added = after_effect;
        fake.state().mischief.break_after = Some((2, added, passing().with_unknown_outcome()));
        let pushed = run(&fake, request(&directory)).await.unwrap();
        assert_eq!((pushed.package.file_count, pushed.package.status), (6, PackageStatus::Finalized));
        assert_eq!(fake.state().packages.len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn commits_whose_outcome_is_unknown_are_found_out() {
    let directory = directory(MIXED);
    for after_effect in [false, true] {
        let fake = Fake::default();
        run(&fake, request(&directory)).await.unwrap();
        fake.fail(Call::Commit, after_effect, passing().with_unknown_outcome());
        let again = run(&fake, request(&directory)).await.unwrap();
        assert_eq!((again.bytes_sent, again.package.file_count), (0, 6), "after effect: {after_effect}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_package_is_not_made_twice_when_it_may_have_been_made() {
    let fake = Fake::default();
    fake.fail(Call::Create, true, passing().with_unknown_outcome());
    assert_eq!(run(&fake, request(&directory(MIXED))).await.unwrap_err().code, passing().code);
    assert_eq!(fake.calls(Call::Create), 1);
}

#[tokio::test(start_paused = true)]
async fn a_failure_that_does_not_pass_ends_the_push_and_the_package() {
    let directory = directory(MIXED);
    for call in [Call::Plan, Call::IngestFile, Call::IngestFiles, Call::Finalize] {
        for (fault, times) in [(lasting(), 1), (passing(), 100)] {
            let fake = Fake::default();
            (0..times).for_each(|_| fake.fail(call, false, fault.clone()));
            let failed = run(&fake, request(&directory)).await.unwrap_err();
            assert_eq!(failed.code, fault.code, "{call:?}");
            assert_eq!(status(&fake, &failed), PackageStatus::Failed, "{call:?}");
            assert!(fake.calls(call) < 20, "attempts are bounded");
            let state = fake.state();
            let reason = state.packages.values().next().unwrap().failure_reason.clone().unwrap();
            assert!(reason.contains(&*fault.code), "{reason}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_added_after_it_was_given_up_is_found_and_not_in_the_way() {
    let directory = directory(MIXED);
    for again in [false, true] {
        let fake = Fake::default();
        if again {
            run(&fake, request(&directory)).await.unwrap();
        }
        // Every file is added, and the next listing does not show it yet.
        for call in [Call::Commit, Call::IngestFile] {
            fake.fail(call, true, passing().with_unknown_outcome());
        }
        fake.state().mischief.stale_listings = 1;
        let pushed = run(&fake, request(&directory)).await.unwrap();
        assert_eq!(pushed.package.file_count, 6);
    }
}

#[tokio::test]
async fn a_package_that_cannot_be_given_up_is_named() {
    let fake = Fake::default();
    fake.fail(Call::Finalize, false, lasting());
    fake.fail(Call::Fail, false, lasting());
    let failed = run(&fake, request(&directory(MIXED))).await.unwrap_err();
    assert_eq!(status(&fake, &failed), PackageStatus::Uploading);
    assert!(failed.message.contains("left as it is"), "{failed}");
}

/// Calls back at the first step of a push, before anything is read.
struct OnPlanned<F>(Mutex<Option<F>>);

impl<F: FnOnce() + Send + 'static> Progress for OnPlanned<F> {
    fn on(&self, step: Step) {
        if let (Step::Planned { .. }, Some(call)) = (step, self.0.lock().unwrap().take()) {
            call();
        }
    }
}

#[tokio::test]
async fn a_file_that_vanishes_meanwhile_is_said_to() {
    let directory = directory(MIXED);
    let file = directory.path().join("small");
    let progress = Arc::new(OnPlanned(Mutex::new(Some(move || fs::remove_file(&file).unwrap()))));
    let fake = Fake::default();
    let failed = push(&fake.connection(), request(&directory), progress, pending()).await.unwrap_err();
    assert_eq!((failed.code.as_ref(), failed.subject.as_deref()), ("AS-CLIENT-0004", Some("small")));
    assert!(failed.message.contains("is not any more"), "{failed}");
}

#[tokio::test]
async fn a_file_that_changes_meanwhile_ends_the_push_and_the_package() {
    for (path, size) in [("small", SMALL), ("large", SMALL + 1)] {
        let directory = directory(MIXED);
        let file = directory.path().join(path);
        let change = move || fs::write(&file, vec![0; size * 2]).unwrap();
        let fake = Fake::default();
        fake.state().mischief.rewords = true;
        let progress = Arc::new(OnPlanned(Mutex::new(Some(change))));
        let failed = push(&fake.connection(), request(&directory), progress, pending()).await;
        let failed = failed.unwrap_err();
        assert_eq!((failed.code.as_ref(), failed.subject.as_deref()), ("AS-CLIENT-0004", Some(path)));
        assert_eq!(status(&fake, &failed), PackageStatus::Failed);
    }
}

#[tokio::test]
async fn an_interruption_gives_the_package_up() {
    /// Interrupts once the first file is in.
    struct AfterOne(CancellationToken);
    impl Progress for AfterOne {
        fn on(&self, step: Step) {
            if matches!(step, Step::Files(_)) {
                self.0.cancel();
            }
        }
    }
    let fake = Fake::default();
    fake.state().mischief.hangs = true;
    let interrupt = CancellationToken::new();
    let progress = Arc::new(AfterOne(interrupt.clone()));
    let directory = directory(MIXED);
    let request = request(&directory);
    let failed = push(&fake.connection(), request, progress, stopped(interrupt)).await.unwrap_err();
    assert_eq!((failed.code.as_ref(), failed.outcome), ("AS-FAKE-STOP", Outcome::NotApplied));
    assert_eq!(status(&fake, &failed), PackageStatus::Failed);
}

#[tokio::test]
async fn an_interruption_whose_end_is_not_known_says_so() {
    let fake = Fake::default();
    fake.state().mischief.hangs = true;
    fake.fail(Call::Fail, false, lasting());
    let large = directory(&[("large", SMALL + 1)]);
    let interrupt = CancellationToken::new();
    let cancel = interrupt.clone();
    let progress = Arc::new(OnPlanned(Mutex::new(Some(move || cancel.cancel()))));
    let failed = push(&fake.connection(), request(&large), progress, stopped(interrupt)).await.unwrap_err();
    assert_eq!((failed.code.as_ref(), failed.outcome), ("AS-FAKE-STOP", Outcome::Unknown));
}

#[tokio::test]
async fn an_interruption_before_the_start_makes_no_package() {
    let fake = Fake::default();
    let interrupt = CancellationToken::new();
    interrupt.cancel();
    let directory = directory(MIXED);
    let request = request(&directory);
    let failed = push(&fake.connection(), request, Arc::new(()), stopped(interrupt)).await.unwrap_err();
    assert_eq!(failed.category, Category::Cancelled);
    assert_eq!(fake.calls(Call::Create), 0);
}

#[tokio::test]
async fn answers_that_do_not_fit_are_not_believed() {
    let directory = directory(&[("small", 5), ("large", SMALL + 1)]);
    let wrong: [fn(&mut crate::fake::Mischief); 6] = [
        |it| it.registers = Some(|record| record.size_bytes += 1),
        |it| it.registers = Some(|record| record.relative_path = "other".parse().unwrap()),
        |it| it.registers = Some(|record| record.executable ^= true),
        |it| it.plans = Some(vec![PlanAnswer::Send]),
        |it| it.plans = Some(vec![PlanAnswer::Have; 2]),
        |it| it.plans = Some(vec![PlanAnswer::DigestFirst; 2]),
    ];
    for (index, wrong) in wrong.into_iter().enumerate() {
        let fake = Fake::default();
        wrong(&mut fake.state().mischief);
        let failed = run(&fake, request(&directory)).await.unwrap_err();
        assert_eq!(failed.code, "AS-CLIENT-0007", "{index}: {failed}");
        assert_eq!(status(&fake, &failed), PackageStatus::Failed);
    }
}

#[tokio::test]
async fn several_pushes_fill_one_package() {
    let (one, two) = (directory(&[("a/1", 10), ("a/2", 2000)]), directory(&[("b/1", 10), ("b/2", 2000)]));
    let fake = Fake::default();
    let made = run(&fake, PushRequest { finalize: false, ..request(&directory(&[])) }).await.unwrap();
    let id = made.package.package_id;
    let (first, second) = tokio::join!(run(&fake, into_open(&one, id)), run(&fake, into_open(&two, id)));
    first.unwrap();
    second.unwrap();
    assert_eq!(fake.state().packages[&id].file_count, 4);
}

#[tokio::test]
async fn what_an_open_package_has_already_is_not_sent_again() {
    let directory = directory(MIXED);
    let fake = Fake::default();
    let made = run(&fake, PushRequest { finalize: false, ..request(&directory) }).await.unwrap();
    let again = run(&fake, into_open(&directory, made.package.package_id)).await.unwrap();
    assert_eq!((again.bytes_sent, again.package.file_count), (0, 6));
    assert_eq!(fake.calls(Call::Plan), 1);
}

#[tokio::test]
async fn another_file_at_the_same_path_is_refused_or_replaced() {
    let directory = directory(MIXED);
    let fake = Fake::default();
    let made = run(&fake, PushRequest { finalize: false, ..request(&directory) }).await.unwrap();
    let id = made.package.package_id;
    fs::write(directory.path().join("small"), vec![0; SMALL]).unwrap();
    let refused = run(&fake, into_open(&directory, id)).await.unwrap_err();
    assert_eq!((refused.code.as_ref(), refused.subject.as_deref()), ("AS-CLIENT-0015", Some("small")));
    assert!(fake.state().packages[&id].status.is_open(), "a package of others is not given up");
    let replaced = run(&fake, PushRequest { replace: true, ..into_open(&directory, id) }).await.unwrap();
    assert_eq!((replaced.bytes_sent, replaced.package.file_count), (SMALL as u64, 6));
}

#[tokio::test]
async fn progress_ends_where_it_was_planned_to() {
    #[derive(Default)]
    struct Sums(Mutex<(u64, u64, u64, u64, u64)>);
    impl Progress for Sums {
        fn on(&self, step: Step) {
            let mut sums = self.0.lock().unwrap();
            match step {
                Step::Planned { files, bytes } => (sums.0, sums.1) = (files, bytes),
                Step::Files(files) => sums.2 += files,
                Step::Bytes(bytes) => sums.3 += bytes,
                Step::Repeated(bytes) => sums.3 -= bytes,
                Step::Compared(bytes) => sums.4 += bytes,
            }
        }
    }
    time::pause();
    let fake = Fake::default();
    let directory = directory(MIXED);
    fake.fail(Call::IngestFile, false, passing());
    for again in [false, true] {
        let sums = Arc::new(Sums::default());
        let progress: Arc<dyn Progress> = Arc::<Sums>::clone(&sums);
        push(&fake.connection(), request(&directory), progress, pending()).await.unwrap();
        let (files, bytes, files_done, bytes_done, compared) = *sums.0.lock().unwrap();
        assert_eq!((files_done, bytes_done), (files, bytes));
        assert_eq!(compared > 0, again, "what is there already is found by its digest");
        assert_eq!(files, 6);
    }
}

#[tokio::test]
async fn ten_thousand_small_files_take_one_stream() {
    let directory = tempfile::tempdir().unwrap();
    for index in 0..10_001 {
        fs::write(directory.path().join(format!("{index}")), index.to_string()).unwrap();
    }
    let fake = Fake::default();
    let pushed = run(&fake, request(&directory)).await.unwrap();
    assert_eq!(pushed.package.file_count, 10_001);
    assert_eq!((fake.calls(Call::Plan), fake.calls(Call::IngestFiles)), (3, 2), "a group, a digest, a rest");
}
