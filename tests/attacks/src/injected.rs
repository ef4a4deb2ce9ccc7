use crate::asked::{Asked, Past, Shown};
use crate::camera::encode;
use crate::copying::{Copies, Copying};
use crate::scene::Scene;
use crate::subject::{Motif, Subject};
use std::time::Duration;

/// A virtual camera: what a motif shows comes into the page without a lens, lit by software or not at all.
pub struct Injected<M> {
    motif: M,
    copying: Copying,
    past: Past,
    quality: u8,
}

impl<M: Motif> Injected<M> {
    /// Feeds a motif in. Of the scene only the latency and what concerns the page are used.
    #[must_use]
    pub fn new(motif: M, copies: Copies, scene: &Scene) -> Self {
        let copying = Copying::new(copies, scene);
        Self { motif, copying, past: Past::default(), quality: scene.jpeg_quality }
    }
}

impl<M: Motif> Subject for Injected<M> {
    fn frame(&mut self, now: Duration, shown: &Shown) -> Vec<u8> {
        self.past.note(shown);
        let view = self.motif.view(now, shown);
        encode(&self.copying.picture(view, now, shown), self.quality)
    }

    fn can(&self, asked: Asked) -> bool {
        self.motif.can(asked)
    }
}
