use crate::casting::Casting;
use crate::material::Material;
use crate::subject::Subject;
use liveness_events::challenge::Way;

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
    /// A screen that shows a rendered head whose eyes stay on the camera.
    ScreenAvatar,
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
    /// A rendered head in place of the camera; it blinks, and its eyes go along with it.
    InjectedHead,
    /// The same, tinted.
    InjectedHeadTinted,
    /// The same, lit by software.
    InjectedHeadLit,
    /// The same, lit, with eyes that stay on the screen.
    InjectedAvatarLit,
    /// An honest person first, another one from the middle on.
    SwappedFace,
    /// An honest person whose stream comes 1.5 to 3 seconds late.
    DelayedStream,
    /// The frames of an earlier honest session of the same person, from its start.
    ReplayedSession,
    /// The same, cut to what is asked.
    ReplayedSessionAligned,
    /// The same, with noise and encoded anew.
    ReplayedSessionTranscoded,
}

impl Species {
    /// All of them.
    pub const ALL: [Self; 25] = [
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
        Self::ScreenAvatar,
        Self::InjectedLoop,
        Self::InjectedSplice,
        Self::InjectedPuppet,
        Self::InjectedPuppetTinted,
        Self::InjectedPuppetLit,
        Self::InjectedHead,
        Self::InjectedHeadTinted,
        Self::InjectedHeadLit,
        Self::InjectedAvatarLit,
        Self::SwappedFace,
        Self::DelayedStream,
        Self::ReplayedSession,
        Self::ReplayedSessionAligned,
        Self::ReplayedSessionTranscoded,
    ];

    /// Whether a system should let it pass.
    #[must_use]
    pub const fn is_bona_fide(self) -> bool {
        matches!(self, Self::Filmed | Self::FilmedWarped | Self::RenderedHead)
    }

    /// Whether it comes in place of the camera, and was not seen by one.
    #[must_use]
    pub const fn is_injected(self) -> bool {
        matches!(
            self,
            Self::InjectedLoop
                | Self::InjectedSplice
                | Self::InjectedPuppet
                | Self::InjectedPuppetTinted
                | Self::InjectedPuppetLit
                | Self::InjectedHead
                | Self::InjectedHeadTinted
                | Self::InjectedHeadLit
                | Self::InjectedAvatarLit
        )
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
            Self::ScreenAvatar => "screen-avatar",
            Self::InjectedLoop => "injected-loop",
            Self::InjectedSplice => "injected-splice",
            Self::InjectedPuppet => "injected-puppet",
            Self::InjectedPuppetTinted => "injected-puppet-tinted",
            Self::InjectedPuppetLit => "injected-puppet-lit",
            Self::InjectedHead => "injected-head",
            Self::InjectedHeadTinted => "injected-head-tinted",
            Self::InjectedHeadLit => "injected-head-lit",
            Self::InjectedAvatarLit => "injected-avatar-lit",
            Self::SwappedFace => "swapped-face",
            Self::DelayedStream => "delayed-stream",
            Self::ReplayedSession => "replayed-session",
            Self::ReplayedSessionAligned => "replayed-session-aligned",
            Self::ReplayedSessionTranscoded => "replayed-session-transcoded",
        }
    }

    /// The species of that code.
    #[must_use]
    pub fn of_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|species| species.code() == code)
    }

    /// One of this species, of the material's person of that number (they are counted around), in a scene and a manner
    /// that the seed draws; what was recorded or cut beforehand is of a session of this way. None where the material has
    /// no clip and one is needed, or has nobody who could take another one's place.
    #[must_use]
    pub fn subject(self, material: &Material, person: u64, seed: u64, way: Way) -> Option<Box<dyn Subject>> {
        Casting::new(material, person, seed, way).of(self)
    }

    /// Who is shown by the one of that number, or whose likeness is: the person, as `people.toml` calls them. Of two who
    /// take turns it is the first one. None as with [`Species::subject`].
    #[must_use]
    pub fn shows(self, material: &Material, number: u64) -> Option<&str> {
        let name = match self {
            Self::RenderedHead
            | Self::StillPhoto
            | Self::MovedPrint
            | Self::BentPrint
            | Self::EyeHolePrint
            | Self::ScreenAvatar
            | Self::InjectedHead
            | Self::InjectedHeadTinted
            | Self::InjectedHeadLit
            | Self::InjectedAvatarLit => &material.portrait(number)?.name,
            Self::Filmed
            | Self::ScreenPuppet
            | Self::ScreenPuppetLit
            | Self::InjectedSplice
            | Self::InjectedPuppet
            | Self::InjectedPuppetTinted
            | Self::InjectedPuppetLit => &material.turner(number)?.name,
            Self::SwappedFace => {
                material.other_clip(number)?;
                &material.clip(number)?.name
            }
            Self::FilmedWarped
            | Self::ScreenLoop
            | Self::InjectedLoop
            | Self::DelayedStream
            | Self::ReplayedSession
            | Self::ReplayedSessionAligned
            | Self::ReplayedSessionTranscoded => &material.clip(number)?.name,
        };
        Some(material.person(name))
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
        assert!(Species::ALL.iter().all(|species| Species::of_code(species.code()) == Some(*species)));
    }
}
