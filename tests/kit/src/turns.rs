use crate::clip::clip_frames;
use anyhow::{Context as _, Result};
use image::imageops::flip_horizontal;
use liveness_models::{Analyser, Picture, Request};
use std::path::Path;

/// Degrees of yaw within which a head looks ahead.
const AHEAD: f64 = 5.0;
/// Degrees of pitch off the clip's middle one within which a frame counts as frontal.
const LEVEL: f64 = 8.0;

/// Whether a clip that lacks a side may be played the other way round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mirrored {
    /// Only what was filmed.
    Never,
    /// A side that is turned to less than the other one is the other one's mirror image.
    WhereWider,
}

/// One frame of a clip.
#[derive(Debug, Clone)]
pub struct Still {
    /// The frame.
    pub jpeg: Vec<u8>,
    /// As measured, in degrees, above zero to the person's own left.
    pub yaw: f64,
    /// As measured, in degrees, above zero upwards.
    pub pitch: f64,
    /// Width of the face over the picture's shorter side.
    pub size: f64,
}

/// From looking ahead to the widest turn of the clip to this side, and back.
#[derive(Debug, Clone)]
pub struct Turn {
    /// The frames in the order in which to play them.
    pub frames: Vec<Still>,
    /// The widest yaw in degrees.
    pub widest: f64,
    /// Whether the way back is the way out played backwards, for want of a way back in the clip.
    pub there_and_back: bool,
}

/// What a real person does in a clip, to answer a challenge with.
#[derive(Debug, Clone)]
pub struct TurnLibrary {
    /// Frames that look ahead, in the clip's order.
    pub ahead: Vec<Still>,
    /// To the person's own left (yaw above zero).
    pub left: Turn,
    /// To the person's own right (yaw below zero).
    pub right: Turn,
}

impl TurnLibrary {
    /// Measures each frame of a clip, so many a second, and picks the parts.
    ///
    /// # Errors
    /// When the frames cannot be taken or measured, or the clip never looks ahead.
    pub fn from_clip(path: &Path, fps: f32, mirrored: Mirrored, analyser: &mut Analyser) -> Result<Self> {
        let stills = Still::of_clip(path, fps, analyser)?;
        Self::from_stills(&stills, mirrored).with_context(|| format!("no usable turns in {}", path.display()))
    }

    fn from_stills(stills: &[Still], mirrored: Mirrored) -> Result<Self> {
        let mut pitches: Vec<f64> = stills.iter().map(|still| still.pitch).collect();
        pitches.sort_by(f64::total_cmp);
        let level = *pitches.get(pitches.len() / 2).context("no face in the clip")?;
        let frontal = |still: &&Still| still.yaw.abs() <= AHEAD && (still.pitch - level).abs() <= LEVEL;
        let ahead: Vec<Still> = stills.iter().filter(frontal).cloned().collect();
        let mut left = turn(stills, 1.0).context("it never looks ahead")?;
        let mut right = turn(stills, -1.0).context("it never looks ahead")?;
        if mirrored == Mirrored::WhereWider {
            if left.widest.abs() < right.widest.abs() {
                left = right.mirrored()?;
            } else {
                right = left.mirrored()?;
            }
        }
        Ok(Self { ahead, left, right })
    }

    /// The turn to a side.
    #[must_use]
    pub const fn side(&self, left: bool) -> &Turn {
        if left { &self.left } else { &self.right }
    }
}

impl Turn {
    fn mirrored(&self) -> Result<Self> {
        let frames = self.frames.iter().map(Still::mirrored).collect::<Result<_>>()?;
        Ok(Self { frames, widest: -self.widest, there_and_back: self.there_and_back })
    }
}

impl Still {
    /// All frames of a clip on which there is a face, so many a second, in order.
    ///
    /// # Errors
    /// When the frames cannot be taken or measured.
    pub fn of_clip(path: &Path, fps: f32, analyser: &mut Analyser) -> Result<Vec<Self>> {
        let mut stills = Vec::new();
        for jpeg in clip_frames(path, fps)? {
            let measured = analyser.measure(&Picture::decode(&jpeg)?, Request::default())?;
            if let Some(face) = measured.face {
                stills.push(Self { yaw: face.pose.yaw, pitch: face.pose.pitch, size: face.size, jpeg });
            }
        }
        Ok(stills)
    }

    fn mirrored(&self) -> Result<Self> {
        let picture = image::load_from_memory(&self.jpeg)?.into_rgb8();
        Ok(Self { jpeg: crate::picture::encode_jpeg(&flip_horizontal(&picture))?, yaw: -self.yaw, ..*self })
    }
}

/// The stretch of the clip from the last look ahead before the widest turn to the first one after it. Where the clip
/// begins or ends within the turn, the half that is there is played both ways.
fn turn(stills: &[Still], side: f64) -> Option<Turn> {
    let widest =
        (0..stills.len()).max_by(|a, b| (stills[*a].yaw * side).total_cmp(&(stills[*b].yaw * side)))?;
    let ahead = |place: &usize| stills[*place].yaw * side <= AHEAD;
    let from = (0..=widest).rev().find(ahead);
    let to = (widest..stills.len()).find(ahead);
    let (places, there_and_back): (Vec<usize>, bool) = match (from, to) {
        (Some(from), Some(to)) => ((from..=to).collect(), false),
        (Some(from), None) => ((from..=widest).chain((from..widest).rev()).collect(), true),
        (None, Some(to)) => ((widest..=to).rev().chain(widest + 1..=to).collect(), true),
        (None, None) => return None,
    };
    let frames = places.into_iter().map(|place| stills[place].clone()).collect();
    Some(Turn { frames, widest: stills[widest].yaw, there_and_back })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stills(yaws: &[f64]) -> Vec<Still> {
        yaws.iter().map(|yaw| Still { jpeg: Vec::new(), yaw: *yaw, pitch: 1.0, size: 0.4 }).collect()
    }

    fn yaws(turn: &Turn) -> Vec<f64> {
        turn.frames.iter().map(|still| still.yaw).collect()
    }

    #[test]
    fn a_turn_goes_out_and_comes_back() {
        let library =
            TurnLibrary::from_stills(&stills(&[0.0, 8.0, 20.0, 9.0, 1.0, -7.0, -15.0]), Mirrored::Never)
                .unwrap();
        assert_eq!(yaws(&library.left), [0.0, 8.0, 20.0, 9.0, 1.0]);
        assert_eq!(yaws(&library.right), [1.0, -7.0, -15.0, -7.0, 1.0]);
        assert_eq!((library.left.there_and_back, library.right.there_and_back), (false, true));
        assert_eq!(library.ahead.len(), 2);
    }

    #[test]
    fn a_clip_that_begins_turned_is_played_from_its_return() {
        let library =
            TurnLibrary::from_stills(&stills(&[12.0, 9.0, 2.0, -6.0, 0.0]), Mirrored::Never).unwrap();
        assert_eq!(yaws(&library.left), [2.0, 9.0, 12.0, 9.0, 2.0]);
    }

    #[test]
    fn nothing_frontal_is_an_error() {
        assert!(TurnLibrary::from_stills(&stills(&[20.0, 21.0]), Mirrored::Never).is_err());
        assert!(TurnLibrary::from_stills(&[], Mirrored::Never).is_err());
    }
}
