use super::attempt::{Attempt, attempt};
use super::page::{Heard, Page};
use super::plan::Planned;
use super::service::{Check, Service, Verdict};
use anyhow::{Context as _, ensure};
use bytes::Bytes;
use image::codecs::jpeg::JpegEncoder;
use image::imageops::FilterType;
use image::{ImageFormat, ImageReader};
use liveness_attacks::{Material, Scene, Shown, Subject};
use liveness_events::session::CameraReport;
use std::io::Cursor;
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

/// Width of the pictures that are kept, in pixels: enough to see what was shown.
const WIDTH: u32 = 160;
/// Their quality, 1 to 100.
const QUALITY: u8 = 75;
/// How often one comes again to a service that is busy.
const TRIES: usize = 10;
/// How often a verdict that was announced is asked for: another node may answer, whose views are behind.
const VERDICT_TRIES: usize = 10;
const VERDICT_PAUSE: Duration = Duration::from_secs(1);

/// A presentation that is over.
#[derive(Debug, Clone)]
pub struct Presented {
    /// What it was.
    pub planned: Planned,
    /// In which session.
    pub session: Uuid,
    /// What came of it.
    pub outcome: Outcome,
    /// Frames that were sent in its last attempt.
    pub frames: usize,
    /// Frames a second that were reached; 8 are the most that the page sends.
    pub per_second: f64,
    /// A small picture from its middle, as JPEG.
    pub picture: Option<Vec<u8>>,
}

/// What came of a presentation.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// It was judged.
    Scored {
        /// Whether it passed.
        passed: bool,
        /// 0 to 100.
        confidence: f64,
    },
    /// It came to no score, for this reason.
    Failed(String),
}

/// Lets one answer a check of its own. What fails for a technical reason is tried again, up to so many attempts.
///
/// # Errors
/// When the service cannot be reached, or refuses: then nothing is known of the presentation.
pub async fn present(
    service: &Service,
    material: &Arc<Material>,
    planned: Planned,
    attempts: u8,
) -> anyhow::Result<Presented> {
    let cast = || Casting::of(Arc::clone(material), planned.clone());
    // Drawn before the check is asked for: what was recorded before takes a while.
    let mut casting = cast().await?;
    let check = service.create().await?;
    let (mut begun, mut waited) = (0, 0);
    let (attempt, outcome) = loop {
        let attempt = once(service, &check, casting, &planned).await?;
        let began = !attempt.sent.is_empty();
        begun += u8::from(began);
        match &attempt.end {
            Heard::End(None) => break (attempt, scored(verdict(service, &check).await?)),
            Heard::Busy(pause) if !began && waited < TRIES => {
                waited += 1;
                tokio::time::sleep(*pause).await;
            }
            Heard::Failed { attempts_left: 1.., .. } | Heard::Lost | Heard::Busy(_)
                if began && begun < attempts => {}
            end => {
                let outcome = Outcome::Failed(reason(end));
                break (attempt, outcome);
            }
        }
        casting = cast().await?;
    };
    let picture = middle(&attempt.sent).map(|jpeg| small(&jpeg)).transpose()?;
    Ok(Presented {
        session: check.session,
        outcome,
        frames: attempt.sent.len(),
        per_second: per_second(&attempt.sent),
        picture,
        planned,
    })
}

/// One attempt, where a socket is free.
async fn once(
    service: &Service,
    check: &Check,
    casting: Casting,
    planned: &Planned,
) -> anyhow::Result<Attempt> {
    match Page::open(service, &check.socket).await? {
        Ok(page) => attempt(page, casting.subject, planned.way, &casting.camera).await,
        Err(pause) => Ok(Attempt { end: Heard::Busy(pause), sent: Vec::new() }),
    }
}

fn reason(end: &Heard) -> String {
    match end {
        Heard::Failed { reason, .. } | Heard::End(Some(reason)) => reason.clone(),
        Heard::Busy(_) => "busy".to_owned(),
        _ => "connection_lost".to_owned(),
    }
}

async fn verdict(service: &Service, check: &Check) -> anyhow::Result<Verdict> {
    for _ in 0..VERDICT_TRIES {
        if let Some(verdict) = service.verdict(check).await? {
            return Ok(verdict);
        }
        tokio::time::sleep(VERDICT_PAUSE).await;
    }
    anyhow::bail!("the check of session {} is complete, but has no result", check.session)
}

const fn scored(Verdict { passed, confidence }: Verdict) -> Outcome {
    Outcome::Scored { passed, confidence }
}

/// How browsers name a camera, and the program by which a stream usually takes its place.
const CAMERA: &str = "Camera";
const PROGRAM: &str = "OBS Virtual Camera";

/// Somebody before the camera, and what the browser says of it.
struct Casting {
    subject: Box<dyn Subject>,
    camera: CameraReport,
}

impl Casting {
    async fn of(material: Arc<Material>, planned: Planned) -> anyhow::Result<Self> {
        let draw = move || {
            let Planned { species, way, number, seed, .. } = planned;
            let mut subject = species
                .subject(&material, number, seed, way)
                .with_context(|| format!("{} cannot be made of this material", species.code()))?;
            // A camera is looked at before the check begins.
            let first = subject.frame(Duration::ZERO, &Shown::FRAMING);
            ensure!(!first.is_empty(), "{} shows nothing", species.code());
            let reader = ImageReader::with_format(Cursor::new(first), ImageFormat::Jpeg);
            let (width, height) = reader.into_dimensions()?;
            let is_injected = species.is_injected();
            let frame_rate = if is_injected { 30.0 } else { Scene::draw(seed).frame_rate };
            // Every second one writes another name into the browser.
            let label = if is_injected && seed.is_multiple_of(2) { PROGRAM } else { CAMERA };
            let camera = CameraReport { label: label.to_owned(), width, height, frame_rate };
            Ok(Self { subject, camera })
        };
        tokio::task::spawn_blocking(draw).await.context("a subject cannot be made")?
    }
}

fn middle(sent: &[(Duration, Bytes)]) -> Option<Bytes> {
    sent.get(sent.len() / 2).map(|(_, jpeg)| jpeg.clone())
}

fn per_second(sent: &[(Duration, Bytes)]) -> f64 {
    match sent {
        [(first, _), .., (last, _)] if last > first => {
            (sent.len() - 1) as f64 / (*last - *first).as_secs_f64()
        }
        _ => 0.0,
    }
}

fn small(jpeg: &[u8]) -> anyhow::Result<Vec<u8>> {
    let picture = image::load_from_memory_with_format(jpeg, ImageFormat::Jpeg)?;
    let mut out = Vec::new();
    let small = picture.resize(WIDTH, u32::MAX, FilterType::Triangle);
    JpegEncoder::new_with_quality(&mut out, QUALITY).encode_image(&small)?;
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(millis: &[u64]) -> Vec<(Duration, Bytes)> {
        let frame = |at: &u64| (Duration::from_millis(*at), Bytes::from(at.to_string()));
        millis.iter().map(frame).collect()
    }

    #[test]
    fn the_rate_is_of_the_time_between_the_frames() {
        assert_eq!(per_second(&sent(&[100, 225, 350])), 8.0);
        assert_eq!(per_second(&sent(&[100])), 0.0);
        assert_eq!(per_second(&[]), 0.0);
        assert_eq!(middle(&sent(&[1, 2, 3])).unwrap(), "2");
        assert_eq!(middle(&[]), None);
    }

    #[test]
    fn a_kept_picture_is_small() {
        let mut jpeg = Vec::new();
        JpegEncoder::new(&mut jpeg).encode_image(&image::RgbImage::new(640, 480)).unwrap();
        let small = image::load_from_memory(&small(&jpeg).unwrap()).unwrap();
        assert_eq!((small.width(), small.height()), (160, 120));
    }
}
