use liveness_events::challenge::Step;

/// Levels of one change of distance.
pub(crate) const CHANGE: i32 = 4;
/// How much larger a face is after one change: beyond the 1.15 that the guidance asks for, by what the mesh may err, and
/// because the outline of a head is further away than its middle.
const LARGER: f32 = 1.25;

/// How much larger a face is at this many levels nearer.
pub(crate) fn growth(levels: i32) -> f32 {
    LARGER.powf(levels as f32 / CHANGE as f32)
}

/// How near somebody is, who comes and goes as asked, from picture to picture.
#[derive(Debug, Clone, Default)]
pub(crate) struct Distance {
    level: i32,
    goal: i32,
    asked: Option<Step>,
}

impl Distance {
    /// Moves by so many levels at most towards what is asked, and tells the level.
    pub(crate) fn follow(&mut self, asked: Option<Step>, levels: i32) -> i32 {
        if asked != self.asked {
            self.asked = asked;
            self.goal += match asked {
                Some(Step::Nearer) => CHANGE,
                Some(Step::Farther) => -CHANGE,
                _ => 0,
            };
        }
        self.level += (self.goal - self.level).clamp(-levels, levels);
        self.level
    }
}
