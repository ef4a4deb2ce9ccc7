use crate::journal;
use crate::settings::StoreArgs;
use crate::stores::open_log;
use anyhow::ensure;
use clap::Args;
use liveness_events::RecordedEvent;
use liveness_events::metadata::{Broken, Chain};
use liveness_events::stream;
use std::collections::{BTreeMap, HashMap};
use std::io::Write;
use std::process::ExitCode;
use uuid::Uuid;

/// Events that one read of the log fetches.
const PAGE: usize = 1024;

#[derive(Debug, Args)]
pub(super) struct VerifyChainArgs {
    /// The session; without it, all streams of the log
    uuid: Option<Uuid>,
    #[command(flatten)]
    stores: StoreArgs,
}

/// What was found of many streams.
#[derive(Default)]
struct Verification {
    chains: HashMap<String, Chain>,
    broken: BTreeMap<String, Broken>,
}

impl Verification {
    /// Takes the next event of its stream; a stream is looked at up to its first break.
    fn take(&mut self, event: &RecordedEvent) {
        if self.broken.contains_key(&event.stream) {
            return;
        }
        if let Err(broken) = self.chains.entry(event.stream.clone()).or_default().follow(event) {
            self.broken.insert(event.stream.clone(), broken);
        }
    }

    fn report(&self, out: &mut dyn Write) -> std::io::Result<ExitCode> {
        for (stream, broken) in &self.broken {
            writeln!(out, "BROKEN  {stream}: {broken}")?;
        }
        let events: u64 = self.chains.values().map(Chain::len).sum();
        let (streams, broken) = (self.chains.len(), self.broken.len());
        writeln!(out, "{streams} streams, {events} events in unbroken chains, {broken} streams broken")?;
        Ok(if broken == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

pub(super) async fn run(args: &VerifyChainArgs, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let log = open_log(&args.stores)?;
    let mut verification = Verification::default();
    match args.uuid {
        Some(uuid) => {
            let events = journal::read(&*log, &stream::session(uuid)).await?;
            ensure!(!events.is_empty(), "there is no session {uuid}");
            events.iter().for_each(|event| verification.take(event));
        }
        None => {
            let (mut after, mut end) = (0, false);
            while !end {
                let page = log.read_all(after, &[], PAGE).await?;
                page.events.iter().for_each(|event| verification.take(event));
                (after, end) = (page.next, page.end);
            }
        }
    }
    Ok(verification.report(out)?)
}
