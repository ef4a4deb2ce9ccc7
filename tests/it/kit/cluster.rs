use super::{Api, Recorded, Service, keys, recorded_in};
use std::net::SocketAddr;
use std::path::PathBuf;

/// For so long images are kept, the shortest time there is.
const RETENTION_MINS: &str = "1";

/// A log in a process of its own, and nodes that share it, the images and the keys.
pub(crate) struct Cluster {
    dir: tempfile::TempDir,
    log: Option<Service>,
    /// Where the log listens, also after it was away.
    address: SocketAddr,
    pub(crate) nodes: Vec<Service>,
    key: String,
}

impl Cluster {
    pub(crate) async fn start(nodes: usize) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let log_dir = dir.path().join("log");
        std::fs::create_dir(&log_dir).unwrap();
        let key = keys(&log_dir, &["create", "--name", "it", "--scope", "api,audit"]);
        let log = Service::start_log(&log_dir, "127.0.0.1:0");
        std::fs::write(dir.path().join("master.key"), [7; 32]).unwrap();
        let mut cluster = Self { dir, address: log.address, log: Some(log), nodes: Vec::new(), key };
        for node in 0..nodes {
            let started = cluster.start_node(node).await;
            cluster.nodes.push(started);
        }
        cluster
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn node_dir(&self, node: usize) -> PathBuf {
        self.path(&format!("node-{node}"))
    }

    pub(crate) async fn start_node(&self, node: usize) -> Service {
        let text = |path: PathBuf| path.to_str().unwrap().to_owned();
        let flags = [
            ("--event-store", format!("esdb://{}?tls=false", self.address)),
            ("--image-store", text(self.path("images"))),
            ("--image-key-store", text(self.path("image-keys"))),
            ("--master-key-file", text(self.path("master.key"))),
            ("--image-retention-mins", RETENTION_MINS.to_owned()),
        ];
        let dir = self.node_dir(node);
        std::fs::create_dir_all(&dir).unwrap();
        let start = move || {
            let flags: Vec<&str> = flags.iter().flat_map(|(flag, value)| [*flag, value.as_str()]).collect();
            Service::with(&dir, &flags, &[])
        };
        tokio::task::spawn_blocking(start).await.unwrap()
    }

    pub(crate) fn api(&self, node: usize) -> Api {
        Api::new(self.nodes[node].address, &self.key)
    }

    pub(crate) async fn kill_and_start(&mut self, node: usize) {
        let killed = self.nodes.remove(node);
        killed.kill();
        let started = self.start_node(node).await;
        self.nodes.insert(node, started);
    }

    /// The log goes away, without a warning.
    pub(crate) fn kill_log(&mut self) {
        if let Some(log) = self.log.take() {
            log.kill();
        }
    }

    /// It comes back where it was.
    pub(crate) async fn start_log(&mut self) {
        let (dir, address) = (self.path("log"), self.address.to_string());
        let started = tokio::task::spawn_blocking(move || Service::start_log(&dir, &address)).await;
        self.log = Some(started.unwrap());
    }

    pub(crate) async fn recorded(&self) -> Recorded {
        recorded_in(&self.path("log")).await
    }
}
