use std::ops::Range;

/// Where in a clip is played, in frames.
#[derive(Debug, Clone)]
pub(crate) struct PlayHead {
    place: f32,
    forward: bool,
}

impl PlayHead {
    pub(crate) fn new(place: usize) -> Self {
        Self { place: place as f32, forward: true }
    }

    /// The frame after so many more were played, on the way to a stretch or to and fro within it.
    pub(crate) fn play(&mut self, frames: f32, goal: &Range<usize>) -> usize {
        let (first, last) = (goal.start as f32, goal.end.saturating_sub(1).max(goal.start) as f32);
        if self.place < first {
            self.place = (self.place + frames).min(first);
            self.forward = true;
        } else if self.place > last {
            self.place = (self.place - frames).max(last);
            self.forward = false;
        } else {
            // Within a short stretch more slowly, for else it would shake.
            let slower = frames * ((last - first) / 15.0).clamp(0.1, 1.0);
            self.place += if self.forward { slower } else { -slower };
            if self.place >= last {
                (self.place, self.forward) = (last, false);
            } else if self.place <= first {
                (self.place, self.forward) = (first, true);
            }
        }
        self.place.round() as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_play_head_goes_and_stays() {
        let mut head = PlayHead::new(8);
        let seen: Vec<usize> = (0..12).map(|_| head.play(1.0, &(11..16))).collect();
        assert_eq!(seen[..3], [9, 10, 11]);
        assert!(seen[3..].iter().all(|place| (11..16).contains(place)), "{seen:?}");
        assert!(seen.windows(2).all(|pair| pair[0].abs_diff(pair[1]) <= 1), "no cuts: {seen:?}");
    }
}
