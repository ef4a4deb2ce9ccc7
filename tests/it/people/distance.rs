use liveness_events::challenge::Step;

/// Levels of a clear change of distance.
pub(crate) const CHANGE: i32 = 4;
/// How much larger a face is after it: beyond the 1.15 that the guidance asks for, by what the mesh may err, and
/// because the outline of a head is further away than its middle.
const LARGER: f32 = 1.25;

/// How much larger a face is at this many levels nearer.
pub(crate) fn growth(levels: i32) -> f32 {
    LARGER.powf(levels as f32 / CHANGE as f32)
}

/// How far anybody comes or goes from where the framing ended.
const FURTHEST: i32 = 2 * CHANGE;

/// How near somebody is, who comes and goes as asked, from picture to picture: on and on, until something else is asked.
#[derive(Debug, Clone, Default)]
pub(crate) struct Distance(i32);

impl Distance {
    /// Moves by so many levels as is asked, and tells the level.
    pub(crate) fn follow(&mut self, asked: Option<Step>, levels: i32) -> i32 {
        self.0 += match asked {
            Some(Step::Nearer) => levels,
            Some(Step::Farther) => -levels,
            _ => 0,
        };
        self.0 = self.0.clamp(-FURTHEST, FURTHEST);
        self.0
    }
}
