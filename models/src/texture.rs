//! Passive networks: each looks at one picture of a face and gives a live probability. What enabled parts give is one
//! number, `texture`; what a part in the shadow gives is a cue under its own name.

use crate::crop::{Point, Square};
use crate::detector::Detection;
use crate::manifest::PassivePart;
use crate::manifest::{Channels, Model, ModelState, Passive};
use crate::network::{ModelError, Network, Runtime};
use crate::picture::Picture;

/// How far from 0 to 1 a probability may be by rounding.
const ROUNDING: f64 = 1e-3;

/// One passive network.
pub(crate) struct PassiveNetwork {
    network: Network,
    name: String,
    side: usize,
    channels: Channels,
    scale: f32,
    offset: f32,
    reading: Passive,
}

impl PassiveNetwork {
    pub(crate) fn load(runtime: &Runtime, model: &Model, onnx: &[u8]) -> Result<Self, ModelError> {
        let name = &model.name;
        let reading = model.passive.clone().ok_or_else(|| ModelError::new(name, "is no passive network"))?;
        let (side, _) = model.size().ok_or_else(|| ModelError::new(name, "takes no picture"))?;
        Ok(Self {
            network: Network::load(runtime, name, onnx)?,
            name: name.clone(),
            side: side as usize,
            channels: model.input.channels,
            scale: model.input.scale,
            offset: model.input.offset,
            reading,
        })
    }

    /// Live probability, 0 to 1.
    pub(crate) fn live(&mut self, picture: &Picture, face: &Detection) -> Result<f64, ModelError> {
        let mut planes = crop_square(picture, face, self.reading.crop).cut(picture, self.side);
        if self.channels == Channels::BGR {
            let (red, rest) = planes.split_at(self.side * self.side);
            let (green, blue) = rest.split_at(self.side * self.side);
            planes = [blue, green, red].concat();
        }
        planes.iter_mut().for_each(|value| *value = value.mul_add(self.scale, self.offset));
        let [numbers] = self.network.run(&planes, self.side, [self.reading.output.as_str()])?;
        let class = self.reading.class;
        let live = if self.reading.softmax {
            softmax(&numbers, class)
        } else {
            numbers.get(class).map_or(f64::NAN, |number| f64::from(*number))
        };
        if (-ROUNDING..=1.0 + ROUNDING).contains(&live) {
            return Ok(live.clamp(0.0, 1.0));
        }
        Err(ModelError::new(&self.name, format!("gives {live} where a probability is expected")))
    }
}

/// The passive networks of one worker thread.
pub(crate) struct TextureScorer {
    parts: Vec<Part>,
}

struct Part {
    /// Name of the cue, in the shadow.
    shadow: Option<&'static str>,
    networks: Vec<PassiveNetwork>,
}

/// What passive networks say of one face.
#[derive(Debug, Default)]
pub(crate) struct Live {
    /// Mean of the enabled parts.
    pub(crate) weighed: Option<f64>,
    /// Name of the cue and number of each part in the shadow.
    pub(crate) shadow: Vec<(&'static str, f64)>,
}

impl TextureScorer {
    pub(crate) fn load(runtime: &Runtime, parts: &[PassivePart]) -> Result<Self, ModelError> {
        let parts = parts.iter().map(|PassivePart { name, state, networks }| {
            let networks = networks.iter().map(|(model, bytes)| PassiveNetwork::load(runtime, model, bytes));
            Ok(Part {
                // Networks are loaded once a process and thread, and their names are few: what they take stays small.
                shadow: (*state == ModelState::Shadow).then(|| &*format!("{name}_shadow").leak()),
                networks: networks.collect::<Result<_, ModelError>>()?,
            })
        });
        Ok(Self { parts: parts.collect::<Result<_, ModelError>>()? })
    }

    /// Scores one face. A part in the shadow that fails gives nothing: nobody's check is to fail by it.
    ///
    /// # Errors
    /// When an enabled network fails.
    pub(crate) fn score(&mut self, picture: &Picture, face: &Detection) -> Result<Live, ModelError> {
        let (mut weighed, mut shadow) = (Vec::new(), Vec::new());
        for part in &mut self.parts {
            let numbers = part.networks.iter_mut().map(|network| network.live(picture, face));
            let live = numbers.collect::<Result<Vec<_>, _>>().map(|numbers| mean(&numbers));
            match part.shadow {
                None => weighed.extend(live?),
                Some(cue) => shadow.extend(live.ok().flatten().map(|live| (cue, live))),
            }
        }
        Ok(Live { weighed: mean(&weighed), shadow })
    }
}

fn mean(numbers: &[f64]) -> Option<f64> {
    (!numbers.is_empty()).then(|| numbers.iter().sum::<f64>() / numbers.len() as f64)
}

/// Networks of this kind are trained on boxes from forehead to chin: blazeface's is shorter and wider, so it is stretched
/// first. The crop keeps the box's shape in the original; a square of its larger side stands for it here, shifted into the
/// picture.
fn crop_square(picture: &Picture, face: &Detection, scale: f32) -> Square {
    let (width, height) = (face.width * 0.96, face.height * 1.24);
    let (limit_x, limit_y) = (picture.width() as f32, picture.height() as f32);
    let side = (width.max(height) * scale).min(limit_x).min(limit_y);
    let centre_y = face.centre.y - face.height * 0.10;
    let inside = |centre: f32, limit: f32| centre.clamp(side / 2.0, limit - side / 2.0);
    Square {
        centre: Point { x: inside(face.centre.x, limit_x), y: inside(centre_y, limit_y) },
        side,
        angle: 0.0,
    }
}

fn softmax(logits: &[f32], class: usize) -> f64 {
    let Some(logit) = logits.get(class) else { return f64::NAN };
    let most = logits.iter().copied().fold(f32::MIN, f32::max);
    let power = |logit: &f32| f64::from(logit - most).exp();
    power(logit) / logits.iter().map(power).sum::<f64>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn softmax_is_a_share_and_never_made_up() {
        assert!((softmax(&[0.0, 2.0_f32.ln(), 0.0], 1) - 0.5).abs() < 1e-6);
        assert!(softmax(&[0.0, 1.0], 2).is_nan());
        assert!(softmax(&[f32::NAN, 1.0], 1).is_nan());
    }
}
