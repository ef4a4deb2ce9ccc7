use crate::asked::{Asked, Shown};
use crate::camera::encode;
use crate::grain::Grain;
use crate::scene::Scene;
use crate::script::{Script, Sent};
use crate::subject::Subject;
use liveness_kit::Random;
use std::sync::Arc;
use std::time::Duration;

/// The frames of an earlier session with what was asked in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recording(Vec<Sent>);

impl Recording {
    /// Lets somebody do a session, and keeps it.
    pub fn of(subject: &mut dyn Subject, script: &Script) -> Self {
        Self(script.run(subject))
    }

    /// The frames, in order.
    #[must_use]
    pub fn sent(&self) -> &[Sent] {
        &self.0
    }

    /// The last frame that was sent by a time, or the first one.
    fn at(&self, time: Duration) -> Option<&Sent> {
        let next = self.0.partition_point(|sent| sent.at <= time);
        self.0.get(next.saturating_sub(1))
    }

    /// When a step began that fits what is asked: the same one, else any light for a light, else a look ahead. Of
    /// several the first one from `from` on, then the first at all.
    fn fitting(&self, asked: Asked, from: Duration) -> Option<Duration> {
        let find = |fits: &dyn Fn(Asked) -> bool| {
            let mut steps = self.0.iter().map(|sent| sent.shown).filter(|shown| fits(shown.asked));
            let later = steps.clone().find(|shown| shown.since >= from);
            later.or_else(|| steps.next()).map(|shown| shown.since)
        };
        find(&|recorded| recorded == asked)
            .or_else(|| find(&|recorded| asked.colour().is_some() && recorded.colour().is_some()))
            .or_else(|| find(&|recorded| recorded == Asked::Hold))
            .or_else(|| find(&|recorded| recorded == Asked::Framing))
    }
}

/// How a recording is played.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Played {
    /// From its start to its end, whatever is asked.
    FromTheStart,
    /// With a jump to the step that fits, whenever something new is asked.
    StepByStep,
}

/// A recording in place of the camera: the very bytes of the earlier session.
pub struct Replayed {
    recording: Arc<Recording>,
    played: Played,
    /// What was asked last, and which time of the recording is played since.
    step: Option<(Shown, Duration)>,
}

impl Replayed {
    /// From the start on.
    #[must_use]
    pub const fn new(recording: Arc<Recording>, played: Played) -> Self {
        Self { recording, played, step: None }
    }
}

impl Subject for Replayed {
    fn frame(&mut self, now: Duration, shown: &Shown) -> Vec<u8> {
        let time = match self.played {
            Played::FromTheStart => now,
            Played::StepByStep => {
                let before = self.step.map_or(Duration::ZERO, |(_, from)| from);
                let known = self.step.filter(|(known, _)| known == shown);
                let (shown, from) = *self.step.insert(known.unwrap_or_else(|| {
                    (*shown, self.recording.fitting(shown.asked, before).unwrap_or(before))
                }));
                from + now.saturating_sub(shown.since)
            }
        };
        self.recording.at(time).map(|sent| sent.jpeg.clone()).unwrap_or_default()
    }
}

/// A stream whose pictures are decoded, get a little noise, and are encoded anew, so that no bytes come twice.
pub struct Transcoded<S> {
    subject: S,
    grain: Grain,
    quality: u8,
    shown: u64,
}

impl<S: Subject> Transcoded<S> {
    /// Of the scene only the noise and the quality are used.
    #[must_use]
    pub fn new(subject: S, scene: &Scene) -> Self {
        let mut random = Random::new(scene.seed ^ 0x0041_4E45_5721);
        Self { subject, grain: Grain::new(&mut random, scene.noise), quality: scene.jpeg_quality, shown: 0 }
    }
}

impl<S: Subject> Subject for Transcoded<S> {
    fn frame(&mut self, now: Duration, shown: &Shown) -> Vec<u8> {
        let frame = self.subject.frame(now, shown);
        self.shown += 1;
        let Ok(picture) = image::load_from_memory(&frame) else { return frame };
        let mut picture = picture.into_rgb8();
        self.grain.lay_on(&mut picture, self.shown);
        encode(&picture, self.quality)
    }

    fn can(&self, asked: Asked) -> bool {
        self.subject.can(asked)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A frame that names what it answers.
    struct Echo;

    impl Subject for Echo {
        fn frame(&mut self, now: Duration, shown: &Shown) -> Vec<u8> {
            format!("{:?} {now:?}", shown.asked).into_bytes()
        }
    }

    fn recording() -> Arc<Recording> {
        let second = Duration::from_secs(1);
        let steps = [
            Asked::Framing,
            Asked::TurnLeft,
            Asked::Hold,
            Asked::TurnRight,
            Asked::Hold,
            Asked::Light([255, 0, 0]),
        ];
        Arc::new(Recording::of(&mut Echo, &Script::new(steps.map(|asked| (asked, second)).to_vec())))
    }

    #[test]
    fn a_stale_recording_is_the_bytes_of_the_earlier_session() {
        let recording = recording();
        let mut replayed = Replayed::new(Arc::clone(&recording), Played::FromTheStart);
        let asked = Shown { asked: Asked::Nearer, since: Duration::ZERO };
        for sent in recording.sent() {
            assert_eq!(replayed.frame(sent.at, &asked), sent.jpeg);
        }
    }

    #[test]
    fn an_aligned_one_answers_with_the_step_that_fits() {
        let mut replayed = Replayed::new(recording(), Played::StepByStep);
        let mut at = |asked: Asked, since: u64, now: u64| {
            let shown = Shown { asked, since: Duration::from_millis(since) };
            String::from_utf8(replayed.frame(Duration::from_millis(now), &shown)).unwrap()
        };
        assert_eq!(at(Asked::Framing, 0, 500), "Framing 500ms");
        assert_eq!(at(Asked::TurnRight, 600, 600), "TurnRight 3s");
        assert_eq!(at(Asked::TurnRight, 600, 1100), "TurnRight 3.5s");
        assert_eq!(at(Asked::Hold, 1200, 1200), "Hold 4s");
        assert_eq!(at(Asked::TurnLeft, 1300, 1550), "TurnLeft 1.25s");
        assert_eq!(at(Asked::Light([0, 0, 255]), 2000, 2000), "Light([255, 0, 0]) 5s");
        assert_eq!(at(Asked::TurnUp, 3000, 3000), "Hold 2s");
    }

    /// The same grey picture for ever.
    struct Still;

    impl Subject for Still {
        fn frame(&mut self, _: Duration, _: &Shown) -> Vec<u8> {
            encode(&image::RgbImage::from_pixel(64, 48, image::Rgb([90; 3])), 90)
        }
    }

    #[test]
    fn what_is_encoded_anew_never_comes_twice() {
        let mut transcoded = Transcoded::new(Still, &Scene::draw(8));
        let mut frame = || transcoded.frame(Duration::ZERO, &Shown::FRAMING);
        let (first, second) = (frame(), frame());
        assert_ne!(first, second);
        for bytes in [first, second] {
            let picture = image::load_from_memory(&bytes).unwrap().into_rgb8();
            assert!(picture.iter().all(|value| value.abs_diff(90) < 40), "noise is little");
        }
    }
}
