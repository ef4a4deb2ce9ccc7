use super::ramp::mean;
use crate::challenge::Turn;
use crate::measurement::Face;
use crate::verdict::{Asked, Evidence, Seen};

/// Frames of a turn that count for its widest moment: enough to even out the mesh, few enough to be at the turn's end.
const WIDEST_FRAMES: usize = 2;

/// The mean over the widest frames of all turns to the left, and of all to the right; none where a side was not asked
/// for, or one of the values is not known.
pub(super) fn of_sides(evidence: &Evidence, value: impl Fn(&Face) -> Option<f64>) -> Option<[f64; 2]> {
    let of_side = |side: Turn| {
        let turns = evidence.asked().filter(|asked| asked.issued.step.turn() == Some(side));
        let values = turns.flat_map(|asked| widest(asked, side)).map(&value).collect::<Option<Vec<_>>>()?;
        mean(values)
    };
    Some([of_side(Turn::Left)?, of_side(Turn::Right)?])
}

/// The faces that are turned furthest to a side.
fn widest(asked: Asked<'_>, side: Turn) -> Vec<&Face> {
    let mut faces: Vec<&Face> = asked.frames.iter().filter_map(Seen::only_face).collect();
    faces.sort_by(|a, b| (b.yaw * side.sign()).total_cmp(&(a.yaw * side.sign())));
    faces.truncate(WIDEST_FRAMES);
    faces
}
