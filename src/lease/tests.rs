use super::*;
use crate::event_log::embedded::EmbeddedLog;

/// Two nodes with clocks of their own, on one log.
struct Nodes {
    log: Arc<dyn EventLog>,
    clocks: [Clock; 2],
    turns: [Turn; 2],
    _dir: tempfile::TempDir,
}

impl Nodes {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let log: Arc<dyn EventLog> = Arc::new(EmbeddedLog::open(dir.path().join("events.db")).unwrap());
        let clocks = [Clock::default(), Clock::default()];
        let turn = |node: usize| {
            Turn::shared(log.clone(), clocks[node].clone(), Uuid::from_u128(node as u128 + 1), "work")
        };
        Self { turns: [turn(0), turn(1)], clocks, log, _dir: dir }
    }

    fn pass(&self, time: Duration) {
        self.clocks.iter().for_each(|clock| clock.advance(time));
    }

    async fn ask(&mut self, node: usize) -> bool {
        self.turns[node].is_ours().await.unwrap()
    }

    async fn recorded(&self) -> usize {
        journal::read(&*self.log, "lease-work").await.unwrap().len()
    }
}

#[tokio::test]
async fn one_works_and_the_other_takes_over_when_it_is_gone() {
    let mut nodes = Nodes::new();
    assert!(nodes.ask(0).await);
    assert!(!nodes.ask(1).await, "the lease is another node's");
    nodes.pass(TERM);
    assert!(!nodes.ask(1).await, "the other clock may be behind");
    nodes.pass(CLOCK_SKEW + Duration::from_millis(1));
    assert!(nodes.ask(1).await, "the lease has ended");
    assert!(!nodes.ask(0).await, "who was away asks before it works on");
}

#[tokio::test]
async fn who_works_on_keeps_the_lease() {
    let mut nodes = Nodes::new();
    for _ in 0..20 {
        assert!(nodes.ask(0).await);
        nodes.pass(TERM / 2);
        assert!(!nodes.ask(1).await);
    }
    assert!(nodes.recorded().await <= 20);
}

#[tokio::test]
async fn a_lease_in_hand_costs_nothing() {
    let mut nodes = Nodes::new();
    for _ in 0..100 {
        assert!(nodes.ask(0).await);
        assert!(!nodes.ask(1).await);
    }
    assert_eq!(nodes.recorded().await, 1);
}

#[tokio::test]
async fn a_node_that_starts_again_goes_on_at_once() {
    let mut nodes = Nodes::new();
    assert!(nodes.ask(0).await);
    let mut again = Turn::shared(nodes.log.clone(), nodes.clocks[0].clone(), Uuid::from_u128(1), "work");
    assert!(again.is_ours().await.unwrap());
    assert_eq!(nodes.recorded().await, 1);
}

#[tokio::test]
async fn of_two_that_ask_at_once_one_works() {
    for _ in 0..20 {
        let mut nodes = Nodes::new();
        let [one, other] = &mut nodes.turns;
        let (one, other) = tokio::join!(one.is_ours(), other.is_ours());
        assert!(one.unwrap() != other.unwrap());
    }
}

#[tokio::test]
async fn a_clock_that_is_far_ahead_keeps_no_lease() {
    let mut nodes = Nodes::new();
    nodes.clocks[0].advance(Duration::from_secs(3600));
    assert!(nodes.ask(0).await);
    assert!(nodes.ask(1).await, "the other node works without waiting for an hour");
}

#[tokio::test]
async fn alone_it_is_always_ours() {
    assert!(Turn::always().is_ours().await.unwrap());
}
