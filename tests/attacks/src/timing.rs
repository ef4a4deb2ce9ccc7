//! Attacks by time: another order than the asked one, another face from some step on, everything too late.

use crate::asked::{Asked, Past, Shown};
use crate::script::Script;
use crate::subject::{Motif, Subject};
use liveness_kit::View;
use std::time::Duration;

/// A video that was cut together before the challenge was known: a motif that follows a script of its own.
pub struct Spliced<M> {
    motif: M,
    script: Script,
}

impl<M: Motif> Spliced<M> {
    /// Follows this script, and after its end from its beginning again.
    #[must_use]
    pub const fn new(motif: M, script: Script) -> Self {
        Self { motif, script }
    }
}

impl<M: Motif> Motif for Spliced<M> {
    fn view(&mut self, at: Duration, _: &Shown) -> View {
        let lasts = self.script.lasts().as_secs_f64().max(1e-3);
        let round = (at.as_secs_f64() / lasts).floor() * lasts;
        let begun = Duration::from_secs_f64(round);
        let Shown { asked, since } = self.script.shown(at.saturating_sub(begun));
        self.motif.view(at, &Shown { asked, since: begun + since })
    }
}

/// One who takes another one's place after so many steps.
pub struct Swapped<A, B> {
    before: A,
    after: B,
    steps: usize,
    past: Past,
}

impl<A: Subject, B: Subject> Swapped<A, B> {
    /// The framing is the first step.
    #[must_use]
    pub fn new(before: A, after: B, steps: usize) -> Self {
        Self { before, after, steps, past: Past::default() }
    }
}

impl<A: Subject, B: Subject> Subject for Swapped<A, B> {
    fn frame(&mut self, now: Duration, shown: &Shown) -> Vec<u8> {
        self.past.note(shown);
        // Both are told, so that each knows what is asked when its time comes.
        let (before, after) = (self.before.frame(now, shown), self.after.frame(now, shown));
        if self.past.all().len() > self.steps { after } else { before }
    }

    fn can(&self, asked: Asked) -> bool {
        self.before.can(asked) && self.after.can(asked)
    }
}

/// Anybody whose frames come so late.
pub struct Delayed<S> {
    subject: S,
    by: Duration,
    past: Past,
}

impl<S: Subject> Delayed<S> {
    /// By a second and a half to three, if it shall be an attack.
    #[must_use]
    pub fn new(subject: S, by: Duration) -> Self {
        Self { subject, by, past: Past::default() }
    }
}

impl<S: Subject> Subject for Delayed<S> {
    fn frame(&mut self, now: Duration, shown: &Shown) -> Vec<u8> {
        self.past.note(shown);
        let then = now.saturating_sub(self.by);
        self.subject.frame(then, &self.past.at(then))
    }

    fn can(&self, asked: Asked) -> bool {
        self.subject.can(asked)
    }
}
