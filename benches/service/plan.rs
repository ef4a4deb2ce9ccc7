//! What is measured, and for how long.

use anyhow::bail;
use std::time::Duration;

/// What is measured together, a line of the table or two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Measure {
    Frames,
    Posts,
    Memory,
    Verdict,
    Appends,
    Verify,
    RemotePosts,
    WireReads,
    Sessions,
}

/// Names of the measures, in the order in which all of them run.
const MEASURES: [(&str, Measure); 9] = [
    ("frames", Measure::Frames),
    ("posts", Measure::Posts),
    ("memory", Measure::Memory),
    ("verdict", Measure::Verdict),
    ("appends", Measure::Appends),
    ("verify", Measure::Verify),
    ("remote-posts", Measure::RemotePosts),
    ("wire-reads", Measure::WireReads),
    ("sessions", Measure::Sessions),
];

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
    /// How long appends are counted in one round.
    pub(crate) appends_window: Duration,
    /// Events of the log that is verified.
    pub(crate) verified: u64,
    /// Times that it is verified: once takes as long as many turns of the others.
    pub(crate) verify_rounds: usize,
    /// Events of the log that is read over the wire.
    pub(crate) wire_events: u64,
    /// Times that many people come at once, and one alone.
    pub(crate) session_rounds: usize,
    /// Sessions of these whose frames are measured again by parts.
    pub(crate) costed_sessions: usize,
}

impl Plan {
    /// Reads the arguments; none where this is not `cargo bench`: test runners start benches too, and want no load.
    pub(crate) fn read(arguments: impl Iterator<Item = String>) -> anyhow::Result<Option<Self>> {
        let (mut measures, mut quick, mut bench) = (Vec::new(), false, false);
        for argument in arguments {
            match argument.as_str() {
                "--bench" => bench = true,
                "--quick" => quick = true,
                _ if !bench && argument.starts_with('-') => return Ok(None),
                other => match MEASURES.iter().find(|(name, _)| *name == other) {
                    Some((_, measure)) => measures.push(*measure),
                    None => bail!(
                        "`{other}` is not known: {}, --quick",
                        MEASURES.map(|(name, _)| name).join(", ")
                    ),
                },
            }
        }
        if !bench {
            return Ok(None);
        }
        if measures.is_empty() {
            measures = MEASURES.map(|(_, measure)| measure).to_vec();
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
                appends_window: seconds(2),
                verified: 100_000,
                verify_rounds: 2,
                wire_events: 50_000,
                session_rounds: 1,
                costed_sessions: 2,
            }
        } else {
            Self {
                measures,
                rounds: 7,
                frames_window: seconds(6),
                posts_window: seconds(4),
                open_sessions: 100_000,
                verdicts: 20,
                appends_window: seconds(2),
                verified: 1_000_000,
                verify_rounds: 2,
                wire_events: 200_000,
                session_rounds: 3,
                costed_sessions: 6,
            }
        }))
    }
}
