//! The bare counterpart of the frames: decode and measure, nothing else.

use crate::person::Album;
use crate::recorded::Shot;
use anyhow::Context as _;
use liveness_models::{Analyser, Likeness, Manifest, ModelSet, Picture, Request, Runtime};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// The ONNX runtime: one a process.
static RUNTIME: OnceLock<Runtime> = OnceLock::new();

/// The networks, once for each thread.
pub(crate) struct Networks {
    analysers: Vec<Analyser>,
    /// The pictures that may become a reference, as one.
    likenesses: HashMap<usize, Likeness>,
}

impl Networks {
    /// Loads the networks for so many threads, and has each possible reference described.
    pub(crate) fn load(album: &Album, threads: usize) -> anyhow::Result<Self> {
        let dirs = [Path::new(env!("CARGO_MANIFEST_DIR")).join("models/built")];
        let manifest = Manifest::built_in()?;
        let runtime = runtime(&manifest, &dirs)?;
        let models = ModelSet::read(&manifest, &dirs)?;
        let mut analysers: Vec<Analyser> =
            (0..threads).map(|_| Analyser::load(runtime, &models)).collect::<Result<_, _>>()?;
        let first = analysers.first_mut().context("no thread")?;
        let mut likenesses = HashMap::new();
        for picture in album.framed() {
            let request = Request { reference: None, describe: true };
            let measured = first.measure(&Picture::decode(&album.jpegs()[*picture])?, request)?;
            let face = measured.face.context("a rendered picture without a face")?;
            likenesses.insert(*picture, face.likeness);
        }
        Ok(Self { analysers, likenesses })
    }

    /// Measures all of these on all threads and tells how long it took.
    pub(crate) fn measure(&mut self, album: &Album, shots: &[Shot]) -> anyhow::Result<Duration> {
        let (next, likenesses) = (AtomicUsize::new(0), &self.likenesses);
        let started = Instant::now();
        thread::scope(|scope| {
            let workers: Vec<_> = self
                .analysers
                .iter_mut()
                .map(|analyser| {
                    scope.spawn(|| -> anyhow::Result<()> {
                        while let Some(shot) = shots.get(next.fetch_add(1, Ordering::Relaxed)) {
                            measure(analyser, album, likenesses, shot)?;
                        }
                        Ok(())
                    })
                })
                .collect();
            workers.into_iter().try_for_each(|worker| {
                worker.join().map_err(|_| anyhow::anyhow!("a measuring thread panicked"))?
            })
        })?;
        Ok(started.elapsed())
    }

    /// Measures one on this thread and tells how long it took.
    pub(crate) fn measure_one(&mut self, album: &Album, shot: &Shot) -> anyhow::Result<Duration> {
        let started = Instant::now();
        let analyser = self.analysers.first_mut().context("no thread")?;
        measure(analyser, album, &self.likenesses, shot)?;
        Ok(started.elapsed())
    }
}

fn runtime(manifest: &Manifest, dirs: &[PathBuf]) -> anyhow::Result<&'static Runtime> {
    match RUNTIME.get() {
        Some(runtime) => Ok(runtime),
        None => {
            let loaded = Runtime::load(&manifest.runtime_library(dirs)?)?;
            Ok(RUNTIME.get_or_init(|| loaded))
        }
    }
}

fn measure(
    analyser: &mut Analyser,
    album: &Album,
    likenesses: &HashMap<usize, Likeness>,
    shot: &Shot,
) -> anyhow::Result<()> {
    let reference = shot
        .reference
        .map(|picture| likenesses.get(&picture).context("the reference is no picture of the framing"))
        .transpose()?;
    let picture = Picture::decode(&album.jpegs()[shot.picture])?;
    let measured = analyser.measure(&picture, Request { reference, describe: shot.describe })?;
    std::hint::black_box(measured);
    Ok(())
}
