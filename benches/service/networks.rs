//! The bare counterpart of the frames: decode and measure, nothing else.

use crate::person::Album;
use crate::recorded::Shot;
use anyhow::Context as _;
use liveness::settings::ModelArgs;
use liveness_models::{Analyser, Likeness, Picture, Request};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// What the service finds, which reads the same variable.
pub(crate) struct Installed {
    pub(crate) networks: liveness::networks::Networks,
    pub(crate) dirs: Vec<PathBuf>,
}

impl Installed {
    pub(crate) fn find() -> anyhow::Result<Self> {
        let args = ModelArgs { models_dir: std::env::var_os("LIVENESS_MODELS_DIR").map(PathBuf::from) };
        // A data directory without networks, as each service here has one.
        let data = Path::new(env!("CARGO_TARGET_TMPDIR"));
        Ok(Self { networks: liveness::networks::Networks::load(&args, data)?, dirs: args.dirs(data) })
    }
}

/// The networks, once for each thread.
pub(crate) struct Networks {
    analysers: Vec<Analyser>,
    /// The pictures that may become a reference, as one.
    likenesses: HashMap<usize, Likeness>,
}

impl Networks {
    /// Loads the networks for so many threads, and has each possible reference described.
    pub(crate) fn load(album: &Album, threads: usize) -> anyhow::Result<Self> {
        let found = Installed::find()?.networks;
        let load = |_| Analyser::load(&found.runtime, &found.set);
        let mut analysers: Vec<Analyser> = (0..threads).map(load).collect::<Result<_, _>>()?;
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
                            measure(analyser, album, likenesses, shot, &mut |_| {})?;
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
        self.measure_by_parts(album, shot, &mut |_| {})?;
        Ok(started.elapsed())
    }

    /// The same; `done` is told each part as soon as that is done.
    pub(crate) fn measure_by_parts(
        &mut self,
        album: &Album,
        shot: &Shot,
        done: &mut dyn FnMut(&'static str),
    ) -> anyhow::Result<()> {
        let analyser = self.analysers.first_mut().context("no thread")?;
        measure(analyser, album, &self.likenesses, shot, done)
    }
}

fn measure(
    analyser: &mut Analyser,
    album: &Album,
    likenesses: &HashMap<usize, Likeness>,
    shot: &Shot,
    done: &mut dyn FnMut(&'static str),
) -> anyhow::Result<()> {
    let reference = shot
        .reference
        .map(|picture| likenesses.get(&picture).context("the reference is no picture of the framing"))
        .transpose()?;
    let picture = Picture::decode(&album.jpegs()[shot.picture])?;
    done("decode");
    let request = Request { reference, describe: shot.describe };
    let measured = analyser.measure_by_parts(&picture, request, done)?;
    std::hint::black_box(measured);
    Ok(())
}
