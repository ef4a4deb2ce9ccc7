use crate::asked::{Asked, Past, Shown};
use crate::camera::encode;
use crate::copying::{Copies, Copying};
use crate::grain::Grain;
use crate::scene::Scene;
use crate::subject::{Motif, Subject};
use liveness_kit::Random;
use std::time::Duration;

/// A virtual camera: what a motif shows comes into the page without a lens, lit by software or not at all. In every second
/// scene it lays noise on each picture, so that none comes twice.
pub struct Injected<M> {
    motif: M,
    copying: Copying,
    past: Past,
    quality: u8,
    grain: Option<Grain>,
    shown: u64,
}

impl<M: Motif> Injected<M> {
    /// Feeds a motif in. Of the scene only the latency, the noise and what concerns the page are used.
    #[must_use]
    pub fn new(motif: M, copies: Copies, scene: &Scene) -> Self {
        let copying = Copying::new(copies, scene);
        let mut random = Random::new(scene.seed ^ 0x4752_4149_4E00);
        let is_noisy = random.unit() < 0.5;
        let grain = is_noisy.then(|| Grain::new(&mut random, scene.noise));
        Self { motif, copying, past: Past::default(), quality: scene.jpeg_quality, grain, shown: 0 }
    }
}

impl<M: Motif> Subject for Injected<M> {
    fn frame(&mut self, now: Duration, shown: &Shown) -> Vec<u8> {
        self.past.note(shown);
        let view = self.motif.view(now, shown);
        let mut picture = self.copying.picture(view, now, shown);
        self.shown += 1;
        if let Some(grain) = &self.grain {
            grain.lay_on(&mut picture, self.shown);
        }
        encode(&picture, self.quality)
    }

    fn can(&self, asked: Asked) -> bool {
        self.motif.can(asked)
    }
}
