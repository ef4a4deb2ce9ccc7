//! What each part of a loop took.

use std::time::{Duration, Instant};

/// Times by the names of parts, in the order in which these first came.
pub(crate) struct Laps {
    since: Instant,
    sums: Vec<(String, Duration)>,
}

impl Laps {
    pub(crate) fn new() -> Self {
        Self { since: Instant::now(), sums: Vec::new() }
    }

    /// The next part begins only now.
    pub(crate) fn restart(&mut self) {
        self.since = Instant::now();
    }

    /// A part is done, and the next one begins.
    pub(crate) fn done(&mut self, part: &str) {
        let time = self.since.elapsed();
        match self.sums.iter_mut().find(|(name, _)| name == part) {
            Some((_, sum)) => *sum += time,
            None => self.sums.push((part.to_owned(), time)),
        }
        self.restart();
    }

    /// Seconds of processor time of each part, where all of them used so much: shared out as their times are, so that
    /// what others took from them meanwhile does not count.
    pub(crate) fn shared_out(&self, used: Duration) -> Vec<(String, f64)> {
        let all: Duration = self.sums.iter().map(|(_, time)| *time).sum();
        let share = used.as_secs_f64() / all.as_secs_f64().max(f64::EPSILON);
        self.sums.iter().map(|(name, time)| (name.clone(), time.as_secs_f64() * share)).collect()
    }
}
