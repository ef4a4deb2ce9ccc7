//! The pictures come from a camera, and not from a program that offers itself as one.
//!
//! Unit: 1 where the browser names such a program, 0 where it names anything else. Source: the names under which the common
//! ones list themselves. Weak by its nature: whoever writes another name into the browser is not found, and somebody may have
//! a reason to send the own face through such a program. So it refuses nobody alone. Programs that change or pass on what a real
//! camera sees (backgrounds, phones as webcams) are no part of it. Missing where the browser tells no name.
//!
//! What else an injected stream may show is elsewhere, or proves nothing: bytes that come again are `continuity`'s; noise and the
//! grid of an earlier JPEG were measured and left out (docs/accuracy.md).

use super::ramp::Ramp;
use super::{Found, Signal};
use crate::verdict::Evidence;

const RAMP: Ramp = Ramp { zero: 1.0, one: 0.0 };
/// Parts of names, in small letters. OBS, ManyCam, XSplit, SplitCam, e2eSoft, CamTwist, AlterCam, vMix, NDI and Unity offer any
/// video or scene; the dummy is Linux' v4l2loopback, the fake ones are those of Chromium and Firefox for tests.
const PROGRAMS: [&str; 16] = [
    "obs virtual",
    "obs-camera",
    "manycam",
    "xsplit vcam",
    "splitcam",
    "e2esoft",
    "camtwist",
    "altercam",
    "vmix video",
    "ndi video",
    "ndi webcam",
    "unity video capture",
    "dummy video device",
    "v4l2loopback",
    "fake_device",
    "fake video",
];

pub(super) const SIGNAL: Signal =
    Signal { name: "stream", weight: 0.2, doubt: 0.01, reason: "camera_is_a_program", measure };

fn measure(evidence: &Evidence) -> Option<Found> {
    let name = evidence.camera().map(|camera| camera.label.to_lowercase()).filter(|name| !name.is_empty())?;
    let is_program = PROGRAMS.iter().any(|program| name.contains(program));
    Some(Found::ramped(f64::from(u8::from(is_program)), &RAMP))
}
