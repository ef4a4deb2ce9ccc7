//! A way to the server that is cut, slow, or walked twice.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::tcp::OwnedReadHalf;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{AbortHandle, JoinSet};

/// Of so many pieces of a connection, one is followed by its end.
const CUT_ONE_IN: u64 = 120;
/// Of so many pieces, one comes late.
const DELAY_ONE_IN: u64 = 12;
/// Latest that a piece comes, in milliseconds.
const DELAY_MILLIS: u64 = 20;
/// Of so many connections, one is made twice: all that the client sends reaches the server a second time.
const DOUBLE_ONE_IN: u64 = 3;

/// A proxy for TCP; it ends when it is dropped.
pub(super) struct Proxy {
    address: SocketAddr,
    way: Arc<Way>,
    task: AbortHandle,
}

struct Way {
    server: SocketAddr,
    /// Whether connections are let through at all.
    open: AtomicBool,
    chaos: bool,
    random: AtomicU64,
    faults: AtomicUsize,
    connections: Mutex<JoinSet<()>>,
}

impl Proxy {
    /// A way that is open or shut, and does nothing else.
    pub(super) async fn plain(server: SocketAddr) -> Self {
        Self::start(server, false, 0).await
    }

    /// A way where all goes wrong at random, by a seed.
    pub(super) async fn chaos(server: SocketAddr, seed: u64) -> Self {
        Self::start(server, true, seed).await
    }

    async fn start(server: SocketAddr, chaos: bool, seed: u64) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let way = Arc::new(Way {
            server,
            open: AtomicBool::new(true),
            chaos,
            random: AtomicU64::new(seed),
            faults: AtomicUsize::new(0),
            connections: Mutex::new(JoinSet::new()),
        });
        let accept = {
            let way = Arc::clone(&way);
            async move {
                while let Ok((client, _)) = listener.accept().await {
                    if way.open.load(Ordering::Acquire) {
                        let mut connections = way.connections.lock().unwrap_or_else(PoisonError::into_inner);
                        connections.spawn(Arc::clone(&way).carry(client));
                    }
                }
            }
        };
        Self { address, way, task: tokio::spawn(accept).abort_handle() }
    }

    pub(super) fn connection_string(&self) -> String {
        format!("esdb://{}?tls=false", self.address)
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// How many faults there have been.
    pub(super) fn faults(&self) -> usize {
        self.way.faults.load(Ordering::Relaxed)
    }

    /// Cuts all connections and lets no more through.
    pub(super) fn shut(&self) {
        self.way.open.store(false, Ordering::Release);
        self.cut();
    }

    /// Lets connections through again.
    pub(super) fn open(&self) {
        self.way.open.store(true, Ordering::Release);
    }

    /// Cuts all connections.
    pub(super) fn cut(&self) {
        self.way.connections.lock().unwrap_or_else(PoisonError::into_inner).abort_all();
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
        self.cut();
    }
}

impl Way {
    async fn carry(self: Arc<Self>, client: TcpStream) {
        let Ok(server) = TcpStream::connect(self.server).await else { return };
        // Otherwise the proxy would add a delay of its own to each answer.
        client.set_nodelay(true).unwrap();
        server.set_nodelay(true).unwrap();
        let (from_client, to_client) = client.into_split();
        let (from_server, mut to_server) = server.into_split();
        let mut double = None;
        let mut swallowing = JoinSet::new();
        if self.chaos && self.one_in(DOUBLE_ONE_IN) {
            self.fault();
            let Ok(second) = TcpStream::connect(self.server).await else { return };
            let (mut answers, requests) = second.into_split();
            swallowing.spawn(async move { tokio::io::copy(&mut answers, &mut tokio::io::sink()).await });
            double = Some(requests);
        }
        // Whichever way ends first ends both.
        tokio::select! {
            () = self.pass(from_client, &mut to_server, double) => {}
            () = self.pass(from_server, to_client, None::<tokio::net::tcp::OwnedWriteHalf>) => {}
        }
    }

    async fn pass(
        &self,
        mut from: OwnedReadHalf,
        mut to: impl AsyncWrite + Unpin,
        mut double: Option<impl AsyncWrite + Unpin>,
    ) {
        let mut piece = vec![0; 4096];
        while let Ok(length @ 1..) = from.read(&mut piece).await {
            if self.chaos && self.one_in(DELAY_ONE_IN) {
                self.fault();
                tokio::time::sleep(Duration::from_millis(self.random() % DELAY_MILLIS)).await;
            }
            if to.write_all(&piece[..length]).await.is_err() {
                return;
            }
            if let Some(second) = &mut double {
                // The second walk may end on its own.
                let _ = second.write_all(&piece[..length]).await;
            }
            if self.chaos && self.one_in(CUT_ONE_IN) {
                self.fault();
                return;
            }
        }
    }

    fn fault(&self) {
        self.faults.fetch_add(1, Ordering::Relaxed);
    }

    fn one_in(&self, chances: u64) -> bool {
        self.random().is_multiple_of(chances)
    }

    /// `SplitMix64`.
    fn random(&self) -> u64 {
        const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
        let mut mixed = self.random.fetch_add(STEP, Ordering::Relaxed).wrapping_add(STEP);
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}
