//! The inference pool: one thread a worker, one ONNX session of each network a thread, one bounded queue before them.

use bytes::Bytes;
use liveness_events::Digest;
use liveness_events::measurement::{Bounds, Comparison, Face, Frame, Measurement, rounded};
use liveness_models::{Analyser, Likeness, Measured, ModelSet, Picture, Request, Runtime};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};
use thiserror::Error;
use tokio::sync::oneshot;

/// Frames that wait for one worker. At 20 to 40 ms a frame the last of them is measured a quarter of a second late;
/// more would only be older.
const WAITING_A_WORKER: usize = 8;
/// A frame that has waited so long is dropped: the person has moved on and a newer one is on its way.
const STALE_AFTER: Duration = Duration::from_millis(700);

/// The reference frame of an attempt.
#[derive(Debug, Clone)]
pub struct Reference {
    /// Its number.
    pub seq: u32,
    /// What later frames are compared with.
    pub likeness: Arc<Likeness>,
}

/// A frame to be measured.
pub struct Job {
    /// Number that the frame will bear.
    pub seq: u32,
    /// The picture.
    pub jpeg: Bytes,
    /// What to compare the face with.
    pub reference: Option<Reference>,
    /// Whether to compute the face's descriptor.
    pub describe: bool,
}

/// A measured frame.
pub struct Analysed {
    /// What the log will know of it.
    pub frame: Frame,
    /// What later frames can be compared with.
    pub likeness: Option<Arc<Likeness>>,
}

/// Why a frame was not measured.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Unmeasured {
    /// The queue was full, or the frame grew stale in it.
    #[error("the frame was dropped")]
    Dropped,
    /// It is no picture that can be measured.
    #[error("{0}")]
    BadPicture(String),
    /// A network failed.
    #[error("a network failed: {0}")]
    Failed(String),
}

type Answer = oneshot::Sender<Result<Analysed, Unmeasured>>;

struct Queued {
    job: Job,
    since: Instant,
    answer: Answer,
}

/// A handle on the workers; they end when the last one is dropped.
#[derive(Clone)]
pub struct InferencePool {
    queue: flume::Sender<Queued>,
}

impl InferencePool {
    /// Starts `workers` threads, each with networks of its own.
    ///
    /// # Errors
    /// When a network cannot be loaded or a thread cannot be started.
    pub fn start(runtime: &Runtime, models: &ModelSet, workers: usize) -> anyhow::Result<Self> {
        let (queue, jobs) = flume::bounded::<Queued>(WAITING_A_WORKER * workers.max(1));
        for number in 0..workers.max(1) {
            let mut analyser = Analyser::load(runtime, models)?;
            let jobs = jobs.clone();
            thread::Builder::new().name(format!("inference-{number}")).spawn(move || {
                while let Ok(queued) = jobs.recv() {
                    work(&mut analyser, queued);
                }
            })?;
        }
        Ok(Self { queue })
    }

    /// Measures a frame.
    ///
    /// # Errors
    /// When it is dropped, is no picture, or a network fails.
    pub async fn measure(&self, job: Job) -> Result<Analysed, Unmeasured> {
        let (answer, answered) = oneshot::channel();
        self.queue
            .try_send(Queued { job, since: Instant::now(), answer })
            .map_err(|_| Unmeasured::Dropped)?;
        answered.await.unwrap_or_else(|_| Err(Unmeasured::Failed("the worker is gone".into())))
    }
}

fn work(analyser: &mut Analyser, Queued { job, since, answer }: Queued) {
    if answer.is_closed() {
        return;
    }
    let result = if since.elapsed() > STALE_AFTER {
        Err(Unmeasured::Dropped)
    } else {
        catch_unwind(AssertUnwindSafe(|| analyse(analyser, &job)))
            .unwrap_or_else(|_| Err(Unmeasured::Failed("the worker panicked".into())))
    };
    // Nobody waits any more where the connection was lost meanwhile.
    let _ = answer.send(result);
}

/// Measures a frame on this thread.
///
/// # Errors
/// As [`InferencePool::measure`], but for what is dropped.
pub fn analyse(analyser: &mut Analyser, job: &Job) -> Result<Analysed, Unmeasured> {
    let picture = Picture::decode(&job.jpeg).map_err(|error| Unmeasured::BadPicture(error.to_string()))?;
    let reference = job.reference.as_ref();
    let request =
        Request { reference: reference.map(|reference| &*reference.likeness), describe: job.describe };
    let Measured { faces, face, cues } =
        analyser.measure(&picture, request).map_err(|error| Unmeasured::Failed(error.to_string()))?;
    let (face, likeness) = match face {
        Some(face) => {
            let (face, likeness) = recordable(face, reference.map(|reference| reference.seq));
            (Some(face), Some(Arc::new(likeness)))
        }
        None => (None, None),
    };
    let frame = Frame {
        seq: job.seq,
        sha256: Digest::of(&job.jpeg),
        bytes: u32::try_from(job.jpeg.len()).unwrap_or(u32::MAX),
        width: picture.width(),
        height: picture.height(),
        measurement: Measurement { faces, face, cues: cues.into_iter().collect() },
    };
    Ok(Analysed { frame, likeness })
}

/// What the log records of a measured face, to the digits that it keeps.
fn recordable(face: liveness_models::Face, reference: Option<u32>) -> (Face, Likeness) {
    let [left, top, width, height] = face.bounds;
    let compared = reference.zip(face.planarity).map(|(frame, planarity)| Comparison {
        frame,
        planarity: rounded(planarity),
        similarity: face.similarity.map(rounded),
    });
    let recorded = Face {
        bounds: Bounds { left, top, width, height }.clipped(),
        size: rounded(face.size),
        presence: rounded(face.presence),
        yaw: rounded(face.pose.yaw),
        pitch: rounded(face.pose.pitch),
        roll: rounded(face.pose.roll),
        eyes_over_nose: rounded(face.proportions.eyes),
        width_over_height: rounded(face.proportions.outline),
        sharpness: rounded(face.sharpness),
        brightness: rounded(face.brightness),
        contrast: rounded(face.contrast),
        compared,
        texture: face.texture.map(rounded),
    };
    (recorded, face.likeness)
}
