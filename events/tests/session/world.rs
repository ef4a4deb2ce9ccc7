//! What the tests speak: a made-up person in front of a made-up camera, and given/when/then.

use liveness_events::challenge::{Challenge, Colour, Step, Turn};
use liveness_events::measurement::{Bounds, Comparison, Cues, Face, Frame, Measurement};
use liveness_events::session::{CameraReport, Command, Create, Phase, Refusal, Session, SessionEvent};
use liveness_events::values::{AuditImages, LinkValidity, ReturnUrl, Threshold};
use liveness_events::verdict::Verdict;
use liveness_events::{Digest, Timestamp};
use std::time::Duration;
use uuid::Uuid;

/// Time from one frame to the next: eight a second.
pub(crate) const FRAME: Duration = Duration::from_millis(125);
/// Degrees from which a turn takes more than a frame, and the logarithm of a growth that does.
const LEAST_WAY: f64 = 15.0;
const LEAST_GROWTH: f64 = 0.05;

pub(crate) fn start() -> Timestamp {
    Timestamp::from_millis(1_764_000_000_000)
}

pub(crate) fn create() -> Command {
    Command::Create(Box::new(Create {
        at: start(),
        owner: Uuid::from_u128(7),
        link_validity: LinkValidity::minutes(5).unwrap(),
        return_url: ReturnUrl::parse("https://example.com/return").unwrap(),
        webhook_url: None,
        threshold: Threshold::DEFAULT,
        audit_images: AuditImages::new(2).unwrap(),
        token: Digest::of(b"token"),
        capture_key: Digest::of(b"key"),
        request: None,
    }))
}

/// Left, left, right, left.
pub(crate) fn challenge() -> Challenge {
    Challenge::from_turns(&[Turn::Left, Turn::Left, Turn::Right, Turn::Left]).unwrap()
}

/// The orders of turns that policy 1 asked for.
pub(crate) fn orders() -> Vec<Challenge> {
    let orders =
        (0..16).map(|bits| [0, 1, 2, 3].map(|i| if bits >> i & 1 == 1 { Turn::Left } else { Turn::Right }));
    let same = |order: &[Turn; 4]| order.windows(2).filter(|pair| pair[0] == pair[1]).count();
    orders
        .filter(|order| (1..3).contains(&same(order)))
        .map(|order| Challenge::from_turns(&order).unwrap())
        .collect()
}

/// A well-lit face that looks ahead.
pub(crate) fn face() -> Face {
    Face {
        bounds: Bounds { left: 0.3, top: 0.25, width: 0.4, height: 0.5 },
        size: 0.5,
        presence: 1.0,
        yaw: 0.0,
        pitch: 0.0,
        roll: 0.0,
        eyes_over_nose: 1.9,
        width_over_height: 0.88,
        sharpness: 100.0,
        brightness: 0.5,
        contrast: 0.2,
        compared: None,
        texture: None,
    }
}

/// A head, turned by `yaw` degrees, as the networks measure one.
pub(crate) fn head(yaw: f64) -> Face {
    let compared = Comparison { frame: 3, planarity: yaw.abs() * 0.0035, similarity: Some(0.85) };
    let shrink = (yaw * 0.7).to_radians().cos();
    let mut face = Face { yaw, compared: Some(compared), ..face() };
    face.eyes_over_nose *= shrink;
    face.width_over_height *= shrink;
    face
}

pub(crate) fn seen(face: Face) -> Measurement {
    Measurement { faces: 1, face: Some(face), cues: Cues::default() }
}

pub(crate) fn nobody() -> Measurement {
    Measurement { faces: 0, face: None, cues: Cues::default() }
}

pub(crate) fn two(face: Face) -> Measurement {
    Measurement { faces: 2, face: Some(face), cues: Cues::default() }
}

pub(crate) fn frame(seq: u32, measurement: Measurement) -> Frame {
    Frame { seq, sha256: Digest::of(&seq.to_be_bytes()), bytes: 40_000, width: 640, height: 480, measurement }
}

/// A session with its clock and the events so far.
#[derive(Default)]
pub(crate) struct Story {
    pub(crate) session: Session,
    pub(crate) events: Vec<SessionEvent>,
    pub(crate) now: Option<Timestamp>,
    /// What was shown last.
    shown: Option<Measurement>,
    /// Which frame the bytes of a frame are those of, where not its own.
    pub(crate) bytes_of: Option<fn(u32) -> u32>,
}

impl Story {
    /// A check that was asked for.
    pub(crate) fn created() -> Self {
        let mut story = Self { now: Some(start()), ..Self::default() };
        story.tell(create()).unwrap();
        story
    }

    /// The same with the camera on.
    pub(crate) fn capturing() -> Self {
        Self::asked(challenge())
    }

    /// The same with a challenge of one's own.
    pub(crate) fn asked(challenge: Challenge) -> Self {
        Self::asked_before(challenge, None)
    }

    /// The same before a camera that the browser calls so.
    pub(crate) fn asked_before(challenge: Challenge, camera: Option<&str>) -> Self {
        let mut story = Self::created();
        let camera =
            camera.map(|name| CameraReport { label: name.into(), width: 640, height: 480, frame_rate: 30.0 });
        story.tell(Command::StartCapture { at: story.now(), challenge, camera }).unwrap();
        story
    }

    /// The verdict, once there is one.
    pub(crate) fn verdict(&self) -> Option<Verdict> {
        self.events.iter().find_map(|event| match event {
            SessionEvent::Completed { verdict, .. } => Some(verdict.clone()),
            _ => None,
        })
    }

    /// The faces on the images that are kept, the probe's first; none where the session is not complete.
    pub(crate) fn faces_on_images(&self) -> Vec<&Face> {
        let images = match self.events.last() {
            Some(SessionEvent::Completed { images, .. }) => images.as_slice(),
            _ => &[],
        };
        let face = |seq: u32| {
            self.events.iter().find_map(|event| match event {
                SessionEvent::FrameReceived { frame, .. } if frame.seq == seq => frame.only_face(),
                _ => None,
            })
        };
        images.iter().map(|image| face(image.seq).unwrap()).collect()
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.now.unwrap()
    }

    pub(crate) fn pass(&mut self, time: Duration) {
        self.now = Some(self.now().plus(time));
    }

    /// Decides and evolves; the events that follow.
    pub(crate) fn tell(&mut self, command: Command) -> Result<Vec<SessionEvent>, Refusal> {
        let events = self.session.decide(&command)?;
        self.session = events.iter().fold(std::mem::take(&mut self.session), Session::evolve);
        self.events.extend(events.iter().cloned());
        Ok(events)
    }

    /// A frame, an eighth of a second later, and one more before it of a head that is on its way.
    pub(crate) fn show(&mut self, measurement: Measurement) -> Vec<SessionEvent> {
        let way = self.shown.take().and_then(|from| on_the_way(&from, &measurement));
        self.shown = Some(measurement.clone());
        let mut events = way.map_or_else(Vec::new, |between| self.record(between));
        if self.session.attempt().is_some() {
            events.extend(self.record(measurement));
        }
        events
    }

    /// A frame, an eighth of a second later, and none between.
    pub(crate) fn cut_to(&mut self, measurement: Measurement) -> Vec<SessionEvent> {
        self.shown = Some(measurement.clone());
        self.record(measurement)
    }

    /// A frame, whatever was shown before.
    pub(crate) fn record(&mut self, measurement: Measurement) -> Vec<SessionEvent> {
        self.pass(FRAME);
        let seq = self.session.attempt().map_or(0, |attempt| attempt.next_seq());
        let mut frame = Box::new(frame(seq, measurement));
        frame.sha256 = Digest::of(&self.bytes_of.map_or(seq, |of| of(seq)).to_be_bytes());
        self.tell(Command::RecordFrame { at: self.now(), attempt: self.attempt(), frame, models: vec![] })
            .unwrap()
    }

    /// Number of the attempt in progress; 0 where there is none.
    pub(crate) fn attempt(&self) -> u8 {
        self.session.attempt().map_or(0, |attempt| attempt.number)
    }

    pub(crate) fn check_time(&mut self) -> Vec<SessionEvent> {
        self.tell(Command::CheckTime { at: self.now() }).unwrap()
    }

    pub(crate) fn phase(&self) -> Option<Phase> {
        self.session.attempt().map(|attempt| attempt.phase)
    }

    /// The step that is due.
    pub(crate) fn step(&self) -> Option<Step> {
        match self.phase()? {
            Phase::Framing => None,
            Phase::Doing { step, .. } => Some(step),
        }
    }

    /// Shows what `person` makes of each step until the capture is over, for at most so many frames.
    pub(crate) fn act(&mut self, frames: usize, mut person: impl FnMut(Option<Step>) -> Measurement) {
        for _ in 0..frames {
            if self.session.attempt().is_none() {
                return;
            }
            let step = self.step();
            self.show(person(step));
        }
    }
}

/// For how many frames the step that is due has been due.
#[derive(Default)]
pub(crate) struct Due {
    step: Option<Step>,
    frames: u32,
}

impl Due {
    /// 0 at its first frame.
    pub(crate) fn frames(&mut self, step: Option<Step>) -> u32 {
        self.frames = if step == self.step { self.frames + 1 } else { 0 };
        self.step = step;
        self.frames
    }
}

/// Half way from one look to another, where a head takes more than one frame for it.
fn on_the_way(from: &Measurement, to: &Measurement) -> Option<Measurement> {
    let mut between = to.clone();
    let before = from.face.as_ref().filter(|_| from.faces == 1)?;
    let face = between.face.as_mut().filter(|_| to.faces == 1)?;
    let is_turn = (face.yaw - before.yaw).hypot(face.pitch - before.pitch) >= LEAST_WAY;
    if !is_turn && (face.size / before.size).ln().abs() < LEAST_GROWTH {
        return None;
    }
    face.size = f64::midpoint(before.size, face.size);
    face.yaw = f64::midpoint(before.yaw, face.yaw);
    face.pitch = f64::midpoint(before.pitch, face.pitch);
    face.eyes_over_nose = f64::midpoint(before.eyes_over_nose, face.eyes_over_nose);
    face.width_over_height = f64::midpoint(before.width_over_height, face.width_over_height);
    let gaze = |shown: &Measurement| shown.cues.get::<2>("gaze");
    if let (Some([left, right]), Some([to_left, to_right])) = (gaze(from), gaze(to)) {
        between.cues.insert("gaze", &[f64::midpoint(left, to_left), f64::midpoint(right, to_right)]);
    }
    Some(between)
}

/// A living person who does what is asked, reaching `widest` degrees, and whose skin answers the screen.
pub(crate) fn obedient(widest: f64) -> impl Fn(Option<Step>) -> Measurement {
    move |step| lit(person(step, widest), step.and_then(Step::colour), 0.05)
}

/// What the face of somebody does who follows a step.
pub(crate) fn person(step: Option<Step>, widest: f64) -> Face {
    let mut face = head(step.and_then(Step::turn).map_or(0.0, |turn| turn.sign() * widest));
    face.size = match step {
        Some(Step::Nearer) => 0.6,
        Some(Step::Farther) => 0.4,
        _ => 0.5,
    };
    face
}

/// Skin in the light of the room, and so much of the screen's.
pub(crate) fn lit(face: Face, colour: Option<Colour>, share: f64) -> Measurement {
    let light = colour.map_or([0.0; 3], |colour| colour.rgb().map(f64::from));
    let skin: Vec<f64> =
        [0.55, 0.42, 0.36].iter().zip(light).map(|(skin, light)| skin * (1.0 + share * light)).collect();
    let regions = ["forehead", "left_cheek", "right_cheek", "nose", "chin"];
    let painted = 0.22 * face.yaw.to_radians().sin();
    let gaze = painted - 0.5 * face.yaw.to_radians().sin();
    let mut measurement = seen(face);
    measurement.cues = regions.into_iter().map(|region| (region, skin.clone())).collect();
    // Eyes that stay on the screen.
    measurement.cues.insert("gaze", &[gaze; 2]);
    let brows: Vec<f64> = skin.iter().map(|skin| 0.4 * skin).collect();
    measurement.cues.insert("dark", &[brows, skin].concat());
    measurement
}
