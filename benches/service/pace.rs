//! The pace of the page, as its own scripts name it.

use anyhow::Context as _;
use std::time::Duration;

const SOCKET: &str = include_str!("../../web/assets/socket.js");
const SCREEN: &str = include_str!("../../web/assets/screen.js");

/// How often the page sends pictures and changes the light.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace {
    /// Between two pictures at least.
    pub(crate) gap: Duration,
    /// Pictures that may wait for their answer at once, on a line as short as the loopback.
    pub(crate) unanswered: usize,
    /// Between two changes of the screen's light at least.
    pub(crate) light_gap: Duration,
}

impl Pace {
    pub(crate) fn of_page() -> anyhow::Result<Self> {
        Ok(Self {
            gap: Duration::from_millis(constant(SOCKET, "MIN_GAP_MS")?),
            unanswered: usize::try_from(constant(SOCKET, "SHORT_LINE_UNANSWERED")?)?,
            light_gap: Duration::from_millis(constant(SCREEN, "LEAST_GAP_MS")?),
        })
    }
}

/// A whole number that a script gives a name.
fn constant(script: &str, name: &str) -> anyhow::Result<u64> {
    let define = format!("const {name} = ");
    let value = script.lines().find_map(|line| line.strip_prefix(&define)?.strip_suffix(';'));
    let value = value.with_context(|| format!("web/assets: no script defines {name} any more"))?;
    value.replace('_', "").parse().with_context(|| format!("web/assets: {name} is {value}"))
}
