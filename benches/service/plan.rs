//! What is measured, and for how long.

use anyhow::bail;
use std::time::Duration;

/// One line of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Measure {
    Frames,
    Posts,
    Memory,
    Verdict,
}

/// What is measured, and for how long.
pub(crate) struct Plan {
    pub(crate) measures: Vec<Measure>,
    /// Times that service and bare counterpart take turns; the median of their ratios is shown. Many short turns rather
    /// than few long ones: what others do on the machine then meets both sides alike.
    pub(crate) rounds: usize,
    /// How long frames are counted in one round.
    pub(crate) frames_window: Duration,
    /// How long POSTs are counted in one round.
    pub(crate) posts_window: Duration,
    /// Sessions that are open when the memory is read.
    pub(crate) open_sessions: usize,
    /// Sessions whose verdict is waited for.
    pub(crate) verdicts: usize,
}

impl Plan {
    /// Reads the arguments; none where this is not `cargo bench`: test runners start benches too, and want no load.
    pub(crate) fn read(arguments: impl Iterator<Item = String>) -> anyhow::Result<Option<Self>> {
        let (mut measures, mut quick, mut bench) = (Vec::new(), false, false);
        for argument in arguments {
            match argument.as_str() {
                "--bench" => bench = true,
                "--quick" => quick = true,
                "frames" => measures.push(Measure::Frames),
                "posts" => measures.push(Measure::Posts),
                "memory" => measures.push(Measure::Memory),
                "verdict" => measures.push(Measure::Verdict),
                _ if !bench && argument.starts_with('-') => return Ok(None),
                other => bail!("`{other}` is not known: frames, posts, memory, verdict, --quick"),
            }
        }
        if !bench {
            return Ok(None);
        }
        if measures.is_empty() {
            measures = vec![Measure::Frames, Measure::Posts, Measure::Memory, Measure::Verdict];
        }
        let seconds = Duration::from_secs;
        Ok(Some(if quick {
            Self {
                measures,
                rounds: 2,
                frames_window: seconds(4),
                posts_window: seconds(2),
                open_sessions: 20_000,
                verdicts: 5,
            }
        } else {
            Self {
                measures,
                rounds: 7,
                frames_window: seconds(6),
                posts_window: seconds(4),
                open_sessions: 100_000,
                verdicts: 20,
            }
        }))
    }
}
