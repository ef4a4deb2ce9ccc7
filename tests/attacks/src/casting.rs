use crate::camera::Filmed;
use crate::clip::Clip;
use crate::copying::Copies;
use crate::injected::Injected;
use crate::manner::Manner;
use crate::material::Material;
use crate::person::{ClipPerson, HeadPerson, MaskedPerson, Portrait, Warped};
use crate::print::{Held, Print};
use crate::puppet::{Looped, Puppet};
use crate::recording::{Played, Recording, Replayed, Transcoded};
use crate::replay::ScreenReplay;
use crate::scene::Scene;
use crate::script::Script;
use crate::species::Species;
use crate::subject::{Motif, Subject};
use crate::timing::{Delayed, Spliced, Swapped};
use liveness_events::challenge::Way;
use liveness_kit::{Photo, Random, Studio};
use std::sync::Arc;
use std::time::Duration;

/// What one subject is made of.
pub(crate) struct Casting<'a> {
    material: &'a Material,
    person: u64,
    seed: u64,
    way: Way,
    scene: Scene,
}

impl<'a> Casting<'a> {
    pub(crate) fn new(material: &'a Material, person: u64, seed: u64, way: Way) -> Self {
        Self { material, person, seed, way, scene: Scene::draw(seed) }
    }

    pub(crate) fn of(&self, species: Species) -> Option<Box<dyn Subject>> {
        Some(match species {
            Species::Filmed => {
                let clip = Arc::clone(self.material.turner(self.person)?);
                self.filmed(ClipPerson::new(clip, Warped::Never, self.manner(), &self.scene))
            }
            Species::FilmedWarped => self.filmed(self.actor(self.clip()?)),
            Species::RenderedHead => self.filmed(self.looking_head()?),
            Species::StillPhoto => self.filmed(self.print(None, Held::Still)?),
            Species::MovedPrint => self.filmed(self.print(None, Held::ByHand)?),
            Species::BentPrint => self.filmed(self.print(Some(self.bend()), Held::ByHand)?),
            Species::EyeHolePrint => self.filmed(self.mask()?),
            Species::ScreenLoop => self.on_screen(self.looped()?, Copies::Nothing),
            Species::ScreenPuppet => self.on_screen(self.puppet()?, Copies::Nothing),
            Species::ScreenPuppetLit => self.on_screen(self.puppet()?, Copies::Light),
            Species::ScreenAvatar => self.on_screen(self.looking_head()?, Copies::Nothing),
            Species::InjectedLoop => self.injected(self.looped()?, Copies::Nothing),
            Species::InjectedSplice => {
                let script = Script::draw(self.way, self.seed ^ 0x5350_4C49_4345);
                self.injected(Spliced::new(self.puppet()?, script), Copies::Nothing)
            }
            Species::InjectedPuppet => self.injected(self.puppet()?, Copies::Nothing),
            Species::InjectedPuppetTinted => self.injected(self.puppet()?, Copies::Tint),
            Species::InjectedPuppetLit => self.injected(self.puppet()?, Copies::Light),
            Species::InjectedHead => self.injected(self.painted_head()?, Copies::Nothing),
            Species::InjectedHeadTinted => self.injected(self.painted_head()?, Copies::Tint),
            Species::InjectedHeadLit => self.injected(self.painted_head()?, Copies::Light),
            Species::InjectedAvatarLit => self.injected(self.looking_head()?, Copies::Light),
            Species::SwappedFace => self.swapped()?,
            Species::DelayedStream => self.delayed()?,
            Species::ReplayedSession => Box::new(self.replayed(Played::FromTheStart)?),
            Species::ReplayedSessionAligned => Box::new(self.replayed(Played::StepByStep)?),
            Species::ReplayedSessionTranscoded => {
                Box::new(Transcoded::new(self.replayed(Played::StepByStep)?, &self.scene))
            }
        })
    }

    fn filmed(&self, motif: impl Motif + 'static) -> Box<dyn Subject> {
        Box::new(Filmed::new(motif, self.scene.clone()))
    }

    fn injected(&self, motif: impl Motif + 'static, copies: Copies) -> Box<dyn Subject> {
        Box::new(Injected::new(motif, copies, &self.scene))
    }

    fn on_screen(&self, motif: impl Motif + 'static, copies: Copies) -> Box<dyn Subject> {
        self.filmed(ScreenReplay::new(motif, copies, &self.studio(), &self.scene))
    }

    /// The scene's camera adds its own noise.
    fn studio(&self) -> Studio {
        Studio { noise: 0.0, seed: self.seed, ..Studio::default() }
    }

    fn manner(&self) -> Manner {
        Manner::person(self.seed)
    }

    fn clip(&self) -> Option<Arc<Clip>> {
        self.material.clip(self.person).cloned()
    }

    fn portrait(&self) -> Option<&Portrait> {
        self.material.portrait(self.person)
    }

    fn actor(&self, clip: Arc<Clip>) -> ClipPerson {
        ClipPerson::new(clip, Warped::AsNeeded, self.manner(), &self.scene)
    }

    fn head(&self, portrait: &Portrait, manner: Manner) -> HeadPerson {
        HeadPerson::new(portrait.head(), &self.studio(), manner, &self.scene)
    }

    /// One that blinks, and whose eyes stay on the camera.
    fn looking_head(&self) -> Option<HeadPerson> {
        Some(self.head(self.portrait()?, self.manner()))
    }

    /// One that blinks, but whose eyes go along with it.
    fn painted_head(&self) -> Option<HeadPerson> {
        Some(self.head(self.portrait()?, self.manner().with_painted_eyes()))
    }

    fn looped(&self) -> Option<Looped> {
        Some(Looped::new(self.clip()?, &self.scene))
    }

    fn puppet(&self) -> Option<Puppet> {
        let clip = Arc::clone(self.material.turner(self.person)?);
        Some(Puppet::new(clip, self.manner(), &self.scene))
    }

    fn print(&self, bend: Option<f32>, held: Held) -> Option<Print> {
        let Portrait { picture, mesh, .. } = self.portrait()?;
        let photo = Photo::of_face(picture, mesh);
        let photo = bend.map_or(photo.clone(), |radius| photo.bent(radius));
        Some(Print::new(photo, held, &self.studio(), &self.scene))
    }

    /// From tight to loose, over the print's width.
    fn bend(&self) -> f32 {
        0.6 + 0.3 * Random::new(self.seed ^ 0x4245_4E44).unit()
    }

    fn mask(&self) -> Option<MaskedPerson> {
        let Portrait { picture, mesh, .. } = self.portrait()?;
        let wearer = self.head(self.material.wearer(self.person)?, self.manner());
        Some(MaskedPerson::new(wearer, Photo::mask(picture, mesh)))
    }

    fn swapped(&self) -> Option<Box<dyn Subject>> {
        let one = self.clip()?;
        let other = Arc::new(self.material.other_clip(self.person)?.in_place_of(&one));
        let [one, other] = [one, other].map(|clip| self.filmed(self.actor(clip)));
        // From the second turn on at the earliest, and at the latest from the first colour.
        Some(Box::new(Swapped::new(one, other, 4 + (self.seed % 5) as usize)))
    }

    fn delayed(&self) -> Option<Box<dyn Subject>> {
        let late = 1.5 + 1.5 * Random::new(self.seed ^ 0x4C41_5445).unit();
        let person = self.filmed(self.actor(self.clip()?));
        Some(Box::new(Delayed::new(person, Duration::from_secs_f32(late))))
    }

    fn replayed(&self, played: Played) -> Option<Replayed> {
        let earlier = Self { seed: self.seed ^ 0x4541_524C, scene: self.scene.clone(), ..*self };
        let mut person = earlier.filmed(earlier.actor(self.clip()?));
        let recording = Recording::of(&mut *person, &Script::draw(self.way, earlier.seed));
        Some(Replayed::new(Arc::new(recording), played))
    }
}
