use crate::camera::Filmed;
use crate::clip::Clip;
use crate::copying::Copies;
use crate::injected::Injected;
use crate::manner::Manner;
use crate::material::Material;
use crate::person::{ClipPerson, HeadPerson, MaskedPerson, Portrait, Warped};
use crate::print::{Held, Print};
use crate::puppet::{Looped, Puppet};
use crate::recording::{Played, Recording, Replayed};
use crate::replay::ScreenReplay;
use crate::scene::Scene;
use crate::script::Script;
use crate::subject::{Motif, Subject};
use crate::timing::{Delayed, Spliced, Swapped};
use liveness_kit::{Photo, Random, Studio};
use std::sync::Arc;
use std::time::Duration;

/// Who is shown to the camera: bona fide presentations, and the species of presentation attack instruments (PAI species,
/// ISO/IEC 30107-3) and of injected streams.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Species {
    /// A filmed person who turns to both sides, only as filmed: answers turns and light, and no other motion.
    Filmed,
    /// A filmed person; what the clip lacks is made by moving the face's mesh.
    FilmedWarped,
    /// A rendered head that stands for a person before a camera.
    RenderedHead,
    /// A photo on a stand.
    StillPhoto,
    /// A print that a hand moves as is asked.
    MovedPrint,
    /// The same, bent.
    BentPrint,
    /// A print worn as a mask, with holes through which living eyes blink.
    EyeHolePrint,
    /// A screen that plays a clip over and over.
    ScreenLoop,
    /// A screen on which clips of the victim are cut to what is asked.
    ScreenPuppet,
    /// The same, and the face on the screen is lit by software.
    ScreenPuppetLit,
    /// A clip over and over in place of the camera.
    InjectedLoop,
    /// A video that was cut together beforehand, in place of the camera.
    InjectedSplice,
    /// Clips of the victim cut to what is asked, in place of the camera.
    InjectedPuppet,
    /// The same, and the picture is tinted in the page's colour.
    InjectedPuppetTinted,
    /// The same, and the face is lit by software.
    InjectedPuppetLit,
    /// A rendered head in place of the camera.
    InjectedHead,
    /// The same, tinted.
    InjectedHeadTinted,
    /// The same, lit by software.
    InjectedHeadLit,
    /// An honest person first, another one from the middle on.
    SwappedFace,
    /// An honest person whose stream comes 1.5 to 3 seconds late.
    DelayedStream,
    /// The frames of an earlier honest session of the same person, from its start.
    ReplayedSession,
    /// The same, cut to what is asked.
    ReplayedSessionAligned,
}

impl Species {
    /// All of them.
    pub const ALL: [Self; 22] = [
        Self::Filmed,
        Self::FilmedWarped,
        Self::RenderedHead,
        Self::StillPhoto,
        Self::MovedPrint,
        Self::BentPrint,
        Self::EyeHolePrint,
        Self::ScreenLoop,
        Self::ScreenPuppet,
        Self::ScreenPuppetLit,
        Self::InjectedLoop,
        Self::InjectedSplice,
        Self::InjectedPuppet,
        Self::InjectedPuppetTinted,
        Self::InjectedPuppetLit,
        Self::InjectedHead,
        Self::InjectedHeadTinted,
        Self::InjectedHeadLit,
        Self::SwappedFace,
        Self::DelayedStream,
        Self::ReplayedSession,
        Self::ReplayedSessionAligned,
    ];

    /// Whether a system should let it pass.
    #[must_use]
    pub const fn is_bona_fide(self) -> bool {
        matches!(self, Self::Filmed | Self::FilmedWarped | Self::RenderedHead)
    }

    /// A name for tables and command lines.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Filmed => "filmed",
            Self::FilmedWarped => "filmed-warped",
            Self::RenderedHead => "rendered-head",
            Self::StillPhoto => "still-photo",
            Self::MovedPrint => "moved-print",
            Self::BentPrint => "bent-print",
            Self::EyeHolePrint => "eye-hole-print",
            Self::ScreenLoop => "screen-loop",
            Self::ScreenPuppet => "screen-puppet",
            Self::ScreenPuppetLit => "screen-puppet-lit",
            Self::InjectedLoop => "injected-loop",
            Self::InjectedSplice => "injected-splice",
            Self::InjectedPuppet => "injected-puppet",
            Self::InjectedPuppetTinted => "injected-puppet-tinted",
            Self::InjectedPuppetLit => "injected-puppet-lit",
            Self::InjectedHead => "injected-head",
            Self::InjectedHeadTinted => "injected-head-tinted",
            Self::InjectedHeadLit => "injected-head-lit",
            Self::SwappedFace => "swapped-face",
            Self::DelayedStream => "delayed-stream",
            Self::ReplayedSession => "replayed-session",
            Self::ReplayedSessionAligned => "replayed-session-aligned",
        }
    }

    /// One of this species, of the material's person of that number (they are counted around), in a scene and a manner
    /// that the seed draws. None where the material has no clip and one is needed.
    #[must_use]
    pub fn subject(self, material: &Material, person: u64, seed: u64) -> Option<Box<dyn Subject>> {
        Casting { material, person, seed, scene: Scene::draw(seed) }.of(self)
    }
}

/// What one subject is made of.
struct Casting<'a> {
    material: &'a Material,
    person: u64,
    seed: u64,
    scene: Scene,
}

impl Casting<'_> {
    fn of(&self, species: Species) -> Option<Box<dyn Subject>> {
        Some(match species {
            Species::Filmed => {
                let clip = Arc::clone(self.material.turner(self.person)?);
                self.filmed(ClipPerson::new(clip, Warped::Never, self.manner(), &self.scene))
            }
            Species::FilmedWarped => self.filmed(self.actor(self.person, Warped::AsNeeded)?),
            Species::RenderedHead => self.filmed(self.head(self.portrait()?)),
            Species::StillPhoto => self.filmed(self.print(None, Held::Still)?),
            Species::MovedPrint => self.filmed(self.print(None, Held::ByHand)?),
            Species::BentPrint => self.filmed(self.print(Some(self.bend()), Held::ByHand)?),
            Species::EyeHolePrint => self.filmed(self.mask()?),
            Species::ScreenLoop => self.on_screen(self.looped()?, Copies::Nothing),
            Species::ScreenPuppet => self.on_screen(self.puppet()?, Copies::Nothing),
            Species::ScreenPuppetLit => self.on_screen(self.puppet()?, Copies::Light),
            Species::InjectedLoop => self.injected(self.looped()?, Copies::Nothing),
            Species::InjectedSplice => {
                let script = Script::draw(self.seed ^ 0x5350_4C49_4345);
                self.injected(Spliced::new(self.puppet()?, script), Copies::Nothing)
            }
            Species::InjectedPuppet => self.injected(self.puppet()?, Copies::Nothing),
            Species::InjectedPuppetTinted => self.injected(self.puppet()?, Copies::Tint),
            Species::InjectedPuppetLit => self.injected(self.puppet()?, Copies::Light),
            Species::InjectedHead => self.injected(self.head(self.portrait()?), Copies::Nothing),
            Species::InjectedHeadTinted => self.injected(self.head(self.portrait()?), Copies::Tint),
            Species::InjectedHeadLit => self.injected(self.head(self.portrait()?), Copies::Light),
            Species::SwappedFace => self.swapped()?,
            Species::DelayedStream => self.delayed()?,
            Species::ReplayedSession => self.replayed(Played::FromTheStart)?,
            Species::ReplayedSessionAligned => self.replayed(Played::StepByStep)?,
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

    fn actor(&self, person: u64, warped: Warped) -> Option<ClipPerson> {
        let clip = self.material.clip(person).cloned()?;
        Some(ClipPerson::new(clip, warped, self.manner(), &self.scene))
    }

    fn head(&self, portrait: &Portrait) -> HeadPerson {
        HeadPerson::new(portrait.head(), &self.studio(), self.manner(), &self.scene)
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
        let wearer = self.head(self.material.portrait(self.person + 1)?);
        Some(MaskedPerson::new(wearer, Photo::mask(picture, mesh)))
    }

    fn swapped(&self) -> Option<Box<dyn Subject>> {
        let (one, other) = (self.filmed(self.actor(self.person, Warped::AsNeeded)?), self.person + 1);
        let other = self.filmed(self.actor(other, Warped::AsNeeded)?);
        // From the third turn on, or the first colours.
        Some(Box::new(Swapped::new(one, other, 4 + (self.seed % 4) as usize)))
    }

    fn delayed(&self) -> Option<Box<dyn Subject>> {
        let late = 1.5 + 1.5 * Random::new(self.seed ^ 0x4C41_5445).unit();
        let person = self.filmed(self.actor(self.person, Warped::AsNeeded)?);
        Some(Box::new(Delayed::new(person, Duration::from_secs_f32(late))))
    }

    fn replayed(&self, played: Played) -> Option<Box<dyn Subject>> {
        let earlier = Self { seed: self.seed ^ 0x4541_524C, scene: self.scene.clone(), ..*self };
        let mut person = earlier.filmed(earlier.actor(self.person, Warped::AsNeeded)?);
        let recording = Recording::of(&mut *person, &Script::draw(earlier.seed));
        Some(Box::new(Replayed::new(Arc::new(recording), played)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn each_species_has_a_code_of_its_own() {
        let codes: BTreeSet<&str> = Species::ALL.iter().map(|species| species.code()).collect();
        assert_eq!(codes.len(), Species::ALL.len());
        assert_eq!(Species::ALL.iter().copied().collect::<BTreeSet<_>>().len(), Species::ALL.len());
    }
}
