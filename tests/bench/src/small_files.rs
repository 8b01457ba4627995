//! B3: many small files, from directory to finalized package. B4: the same again.

use std::{
    fs::{self, File},
    io::Write as _,
    path::{Path, PathBuf},
};

use crate::{
    material::{self, Noise},
    measure::{self, Clock, Failure, Series, Taken},
    oci,
    target::Target,
};

const THREADS: usize = 32;

pub async fn run(
    target: &Target,
    oci_url: Option<&str>,
    dir: &Path,
    rounds: usize,
    files: usize,
    size: usize,
) -> Result<(), Failure> {
    let work = tempfile::tempdir_in(dir)?;
    let mut single = Series::new("write + fsync + rename, 32 at a time");
    let mut registry = Series::new("blobs pushed to an OCI registry, 32 at a time");
    let mut pushed = Series::new("push to finalized package");
    let mut again = Series::new("the same tree pushed again");
    let mut watch = target.watch();
    let mut sent_again = 0;
    // The first round warms caches and is not counted.
    for round in 0..=rounds {
        let source = work.path().join("source");
        write_tree(&source, material::seed(round), files, size)?;
        measure::settle();
        let renamed = write_and_rename(&source, &work.path().join("single"))?;
        fs::remove_dir_all(work.path().join("single"))?;
        measure::settle();
        if let Some(url) = oci_url {
            let taken = oci::push_blobs(url, &source).await?;
            if round > 0 {
                registry.add(taken);
            }
            measure::settle();
        }
        let store = target.open(work.path()).await?;
        let watched = watch.start();
        material::push(&store.connection, &source).await?;
        let first = watch.stop(watched, round > 0);
        let clock = Clock::start();
        sent_again = material::push(&store.connection, &source).await?.bytes_sent;
        let second = clock.stop();
        store.close().await?;
        fs::remove_dir_all(&source)?;
        if round > 0 {
            single.add(renamed);
            pushed.add(first);
            again.add(second);
        }
    }
    measure::say(&format!(
        "B3 {}, {files} files of {size} bytes, {rounds} rounds, durable (fsync), registry included",
        target.name()
    ));
    let unit = f64::from(u32::try_from(files)?);
    for series in [&single, &pushed, &again] {
        series.report(unit, "file");
    }
    watch.report(unit, "file");
    measure::say(&format!("times faster than write + fsync + rename: {:.2}", pushed.ratio(&single)));
    if oci_url.is_some() {
        registry.report(unit, "file");
        measure::say(&format!("times faster than an OCI registry: {:.1}", pushed.ratio(&registry)));
    }
    measure::say(&format!("B4: bytes sent when the same tree is pushed again: {sent_again}"));
    Ok(())
}

fn write_tree(root: &Path, seed: u64, files: usize, size: usize) -> Result<(), Failure> {
    let mut noise = Noise::new(seed);
    let mut bytes = vec![0; size];
    for index in 0..files {
        let folder = root.join(format!("{:03}", index / 100));
        if index % 100 == 0 {
            fs::create_dir_all(&folder)?;
        }
        noise.fill(&mut bytes);
        fs::write(folder.join(format!("{index:06}.bin")), &bytes)?;
    }
    Ok(())
}

/// What a careful program without packs does: each file read, written under a temporary name, synced and renamed.
fn write_and_rename(source: &Path, target: &Path) -> Result<Taken, Failure> {
    fs::create_dir_all(target)?;
    let paths = files_of(source)?;
    let clock = Clock::start();
    let share = paths.len().div_ceil(THREADS).max(1);
    let done: Result<Vec<()>, Failure> = std::thread::scope(|scope| {
        let threads: Vec<_> = paths
            .chunks(share)
            .map(|some| scope.spawn(move || some.iter().try_for_each(|path| keep(path, target))))
            .collect();
        threads.into_iter().map(|thread| thread.join().map_err(|_| "a thread panicked")?).collect()
    });
    done?;
    Ok(clock.stop())
}

/// The files of a tree.
pub fn files_of(source: &Path) -> Result<Vec<PathBuf>, Failure> {
    let mut paths = Vec::new();
    for folder in fs::read_dir(source)? {
        for file in fs::read_dir(folder?.path())? {
            paths.push(file?.path());
        }
    }
    Ok(paths)
}

fn keep(path: &Path, target: &Path) -> Result<(), Failure> {
    let bytes = fs::read(path)?;
    let name = path.file_name().unwrap_or_default();
    let temporary = target.join(name).with_extension("tmp");
    let mut file = File::create(&temporary)?;
    file.write_all(&bytes)?;
    file.sync_all()?;
    Ok(fs::rename(&temporary, target.join(name))?)
}
