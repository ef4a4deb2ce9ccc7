//! Random appends against the simplest log that could be.

use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use uuid::Uuid;

use super::super::{AppendError, Direction, ExpectedRevision, NewEvent, StreamFrom};
use super::{Log, event, ids, prefix, until_caught_up};

const RUNS: usize = 25;
const STREAMS: usize = 3;

/// One append, in terms of what the model holds at that time.
#[derive(Debug, Clone)]
struct Step {
    stream: usize,
    expected: Expected,
    /// For each event: `None` a new one, otherwise which of those that were ever made (modulo their number).
    events: Vec<Option<usize>>,
}

#[derive(Debug, Clone, Copy)]
enum Expected {
    NoStream,
    Any,
    /// Where the stream is.
    Here,
    /// So many revisions before.
    Before(u64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let expected = prop_oneof![
        1 => Just(Expected::NoStream),
        1 => Just(Expected::Any),
        4 => Just(Expected::Here),
        2 => (1..4_u64).prop_map(Expected::Before),
    ];
    let event = prop_oneof![3 => Just(None), 2 => (0..1000_usize).prop_map(Some)];
    let new = proptest::collection::vec(Just(None), 1..4);
    let mixed = proptest::collection::vec(event, 1..3);
    let events = prop_oneof![2 => new, 1 => mixed];
    let step = (0..STREAMS, expected, events).prop_map(|(stream, expected, events)| Step {
        stream,
        expected,
        events,
    });
    proptest::collection::vec(step, 1..40)
}

/// What a log is: for each stream, its ids.
#[derive(Default)]
struct Model {
    streams: [Vec<Uuid>; STREAMS],
    /// All ids in the order in which they came.
    all: Vec<Uuid>,
}

impl Model {
    /// The revision of the last event of the append, or whether the expectation was at fault (or else an id).
    fn append(&mut self, stream: usize, expected: ExpectedRevision, ids: &[Uuid]) -> Result<u64, bool> {
        let held = &mut self.streams[stream];
        let first = match expected {
            ExpectedRevision::NoStream => Some(0),
            ExpectedRevision::Exact(revision) => usize::try_from(revision).ok().map(|revision| revision + 1),
            ExpectedRevision::Any => held.iter().position(|id| *id == ids[0]),
        };
        if let Some(first) = first
            && held.get(first..first + ids.len()) == Some(ids)
        {
            return Ok((first + ids.len() - 1) as u64);
        }
        if !expected.admits((held.len() as u64).checked_sub(1)) {
            return Err(true);
        }
        if ids.iter().any(|id| self.all.contains(id)) {
            return Err(false);
        }
        held.extend(ids);
        self.all.extend(ids);
        Ok(held.len() as u64 - 1)
    }
}

/// Its appends of old ids elsewhere are refused only where the log below keeps an index of ids.
pub(crate) async fn random_appends(log: Log) {
    let mut runner = TestRunner::default();
    for _ in 0..RUNS {
        let steps = steps().new_tree(&mut runner).unwrap().current();
        play(&log, &steps).await;
    }
}

async fn play(log: &Log, steps: &[Step]) {
    let mine = prefix();
    let (mut model, mut made): (_, Vec<NewEvent>) = (Model::default(), Vec::new());
    for (number, step) in steps.iter().enumerate() {
        let name = format!("{mine}{}", step.stream);
        let last = (model.streams[step.stream].len() as u64).checked_sub(1);
        let expected = match step.expected {
            Expected::NoStream => ExpectedRevision::NoStream,
            Expected::Any => ExpectedRevision::Any,
            Expected::Here => last.map_or(ExpectedRevision::NoStream, ExpectedRevision::Exact),
            Expected::Before(by) => last
                .and_then(|last| last.checked_sub(by))
                .map_or(ExpectedRevision::NoStream, ExpectedRevision::Exact),
        };
        let mut events: Vec<NewEvent> = Vec::new();
        for pick in &step.events {
            let old = pick.filter(|_| !made.is_empty()).map(|pick| made[pick % made.len()].clone());
            // The same id twice in one append is refused before any log is asked.
            let event = old.filter(|old| !events.contains(old)).unwrap_or_else(event);
            events.push(event);
        }
        made.extend(events.iter().cloned());
        let ids: Vec<Uuid> = events.iter().map(|event| event.id).collect();
        let told = match log.append(&name, expected, events).await {
            Ok(appended) => Ok(appended.revision),
            Err(AppendError::WrongExpectedRevision { .. }) => Err(true),
            Err(AppendError::IdConflict { .. }) => Err(false),
            Err(error) => panic!("{error:?}"),
        };
        assert_eq!(told, model.append(step.stream, expected, &ids), "step {number} of {steps:#?}");
    }
    for (number, held) in model.streams.iter().enumerate() {
        let name = format!("{mine}{number}");
        let read = log.read_stream(&name, Direction::Forwards, StreamFrom::Start, usize::MAX).await.unwrap();
        assert_eq!(ids(&read), *held);
    }
    let (followed, _) = until_caught_up(&mut log.subscribe_all(0, vec![mine])).await;
    assert_eq!(ids(&followed), model.all);
}
