//! The machine, as far as the figures depend on it.

use crate::process::scratch;
use crate::report::median;
use crate::service::Service;
use anyhow::Context as _;
use std::fs::{self, File};
use std::io::Write as _;
use std::time::{Duration, Instant};

/// Processor time that was used between two moments, in seconds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Used {
    /// By the service.
    pub(crate) service: f64,
    /// By this process: the clients, or the bare counterpart.
    pub(crate) own: f64,
    /// By what else runs on the machine.
    pub(crate) others: f64,
}

/// A moment from which processor time is counted.
pub(crate) struct Since {
    service: Duration,
    own: Duration,
    all: Duration,
}

impl Since {
    /// From now on.
    pub(crate) fn now(service: &Service) -> anyhow::Result<Self> {
        Ok(Self { service: service.cpu()?, own: cpu("self")?, all: cpu_of_all()? })
    }

    /// Until now.
    pub(crate) fn used(&self, service: &Service) -> anyhow::Result<Used> {
        let now = Self::now(service)?;
        let [all, service, own] = [now.all - self.all, now.service - self.service, now.own - self.own]
            .map(|time| time.as_secs_f64());
        Ok(Used { service, own, others: (all - service - own).max(0.0) })
    }
}

/// Flushes of the disk that are timed.
const FLUSHES: usize = 200;
/// Clock ticks in a second in `/proc`, on every Linux that there is.
const TICKS: u64 = 100;

/// Processors, their name, what a flush of the disk costs, and how busy others keep the machine.
pub(crate) fn describe() -> anyhow::Result<String> {
    let cores = std::thread::available_parallelism()?;
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or(" unknown");
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    Ok(format!(
        "machine: {cores} cores, {}; a disk flush takes {:.2} ms (median of {FLUSHES}); load average {}\n",
        model.trim_start_matches([' ', '\t', ':']),
        flush_millis()?,
        load.split(' ').next().unwrap_or("unknown"),
    ))
}

/// Median duration of writing 4 KiB and flushing it, where the service keeps its data.
fn flush_millis() -> anyhow::Result<f64> {
    let folder = scratch()?;
    let mut file = File::create(folder.path().join("flushed"))?;
    let mut times = Vec::with_capacity(FLUSHES);
    for _ in 0..FLUSHES {
        let started = Instant::now();
        file.write_all(&[7; 4096])?;
        file.sync_data()?;
        times.push(started.elapsed().as_secs_f64() * 1e3);
    }
    Ok(median(times))
}

/// Processor time that a process (a number, or `self`) has used.
pub(crate) fn cpu(process: &str) -> anyhow::Result<Duration> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat"))?;
    // The second field is the name in brackets, which may hold anything.
    let (_, fields) = stat.rsplit_once(')').context("/proc/…/stat has no name")?;
    let ticks = |field: usize| fields.split_whitespace().nth(field).and_then(|text| text.parse::<u64>().ok());
    let used = ticks(11).zip(ticks(12)).context("/proc/…/stat has no times")?;
    Ok(Duration::from_millis((used.0 + used.1) * 1000 / TICKS))
}

/// Processor time that all processes together have used, on all cores.
pub(crate) fn cpu_of_all() -> anyhow::Result<Duration> {
    let stat = fs::read_to_string("/proc/stat")?;
    let line = stat.lines().next().context("/proc/stat is empty")?;
    let ticks: Vec<u64> = line.split_whitespace().skip(1).map_while(|text| text.parse().ok()).collect();
    // Fields 4 and 5 are idleness; 9 and 10 are in the first two already.
    let busy: u64 =
        ticks.iter().enumerate().filter(|(at, _)| ![3, 4, 8, 9].contains(at)).map(|(_, n)| n).sum();
    Ok(Duration::from_millis(busy * 1000 / TICKS))
}

/// Resident memory of a process, in bytes.
pub(crate) fn resident(process: &str) -> anyhow::Result<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
    let kibibytes: u64 = line.trim().trim_end_matches(" kB").parse()?;
    Ok(kibibytes * 1024)
}
