use std::ops::Range;

/// Degrees from ahead within which somebody looks ahead, sideways and up or down.
const AHEAD: f32 = 4.0;
const LEVEL: f32 = 6.0;
/// Degrees to the other side beyond which a way to a turn would first be a wrong one.
const WRONG: f32 = 8.0;
/// Frames that a look ahead needs, and how many are played to and fro.
const LEAST: usize = 5;
const MOST: usize = 30;
/// Share of the widest turn that still counts as turned.
const TURNED: f32 = 0.88;

/// A turn in a clip.
#[derive(Debug, Clone, PartialEq)]
pub struct Bend {
    /// The frames that are turned widest.
    pub frames: Range<usize>,
    /// Degrees from ahead, above zero to the asked side.
    pub offset: f32,
}

/// The frames among which a play head goes to and fro.
#[derive(Debug, Clone, PartialEq)]
pub struct Route {
    /// Those that look ahead.
    pub home: Range<usize>,
    /// To the person's own left.
    pub left: Bend,
    /// To the person's own right.
    pub right: Bend,
}

impl Route {
    /// The look ahead from which the widest turns to both sides can be reached without passing the other side; frames
    /// are given as yaw and pitch. None where the clip never looks ahead for long enough.
    #[must_use]
    pub fn of(turns: &[(f32, f32)]) -> Option<Self> {
        let (neutral, level) =
            (median(turns.iter().map(|turn| turn.0))?, median(turns.iter().map(|turn| turn.1))?);
        let ahead =
            |(yaw, pitch): &(f32, f32)| (yaw - neutral).abs() <= AHEAD && (pitch - level).abs() <= LEVEL;
        let routes = runs(turns, ahead).into_iter().filter(|run| run.len() >= LEAST).map(|run| {
            let middle = run.start.midpoint(run.end);
            let half = run.len().min(MOST) / 2;
            let home = middle - half..(middle + half).max(middle + 1).min(run.end);
            let own = median(turns[home.clone()].iter().map(|turn| turn.0)).unwrap_or(neutral);
            let offsets: Vec<f32> = turns.iter().map(|turn| turn.0 - own).collect();
            let mirrored: Vec<f32> = offsets.iter().map(|offset| -offset).collect();
            Self { left: bend(&offsets, &home), right: bend(&mirrored, &home), home }
        });
        let worth = |route: &Self| {
            route.left.offset.min(22.0) + route.right.offset.min(22.0) + route.home.len() as f32 * 0.2
        };
        routes.max_by(|a, b| worth(a).total_cmp(&worth(b)))
    }
}

/// The widest turn to where offsets are above zero.
fn bend(offsets: &[f32], home: &Range<usize>) -> Bend {
    let wrong = |place: &usize| offsets[*place] < -WRONG;
    let from = (0..home.start).rev().find(wrong).map_or(0, |place| place + 1);
    let to = (home.end..offsets.len()).find(wrong).unwrap_or(offsets.len());
    let widest = (from..to).max_by(|a, b| offsets[*a].total_cmp(&offsets[*b])).unwrap_or(home.start);
    let offset = offsets[widest];
    // What is nearer and nearly as wide will do.
    let away = |place: usize| home.start.abs_diff(place).min(home.end.abs_diff(place));
    let turned = |place: &usize| offsets[*place] >= offset * TURNED && offsets[*place] > 0.0;
    let nearest = (from..to).filter(turned).min_by_key(|place| away(*place)).unwrap_or(widest);
    let start = (from..nearest).rev().find(|place| !turned(place)).map_or(from, |place| place + 1);
    let end = (nearest..to).find(|place| !turned(place)).unwrap_or(to).max(nearest + 1);
    Bend { frames: start.min(nearest)..end, offset }
}

/// Stretches in which something holds.
fn runs<T>(items: &[T], holds: impl Fn(&T) -> bool) -> Vec<Range<usize>> {
    let mut runs: Vec<Range<usize>> = Vec::new();
    for (place, _) in items.iter().enumerate().filter(|(_, item)| holds(item)) {
        match runs.last_mut() {
            Some(run) if run.end == place => run.end += 1,
            _ => runs.push(place..place + 1),
        }
    }
    runs
}

fn median(values: impl Iterator<Item = f32>) -> Option<f32> {
    let mut values: Vec<f32> = values.collect();
    values.sort_by(f32::total_cmp);
    values.get(values.len() / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route(yaws: &[f32]) -> Option<Route> {
        Route::of(&yaws.iter().map(|yaw| (*yaw, 2.0)).collect::<Vec<_>>())
    }

    /// Right, a short look ahead, left, right again, and a long look ahead.
    fn yaws() -> Vec<f32> {
        [vec![-20.0; 5], vec![1.0; 6], vec![18.0; 5], vec![-9.0; 4], vec![0.0; 40]].concat()
    }

    #[test]
    fn the_way_to_a_turn_passes_no_other_one() {
        let route = route(&yaws()).unwrap();
        assert!(route.home.start >= 5 && route.home.end <= 11, "{route:?}");
        assert_eq!((route.left.frames, route.right.frames), (11..16, 0..5));
        assert_eq!((route.left.offset, route.right.offset), (17.0, 21.0));
    }

    #[test]
    fn without_a_look_ahead_there_is_no_way() {
        assert_eq!(route(&[]), None);
        assert_eq!(route(&[0.0, 30.0, 0.0, 30.0]), None);
    }
}
