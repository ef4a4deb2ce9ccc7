//! Puts the service together; the binary and the tests run the same one.

use crate::actors::Services;
use crate::actors::archive::Archive;
use crate::actors::deadlines::Deadlines;
use crate::actors::inference::InferencePool;
use crate::actors::notary::Notary;
use crate::actors::projector::{Progress, Projector};
use crate::actors::registry::Registry;
use crate::actors::webhooks::Webhooks;
use crate::clock::Clock;
use crate::data_dir::{DataDir, ServiceLock};
use crate::event_log::{EventLog, Position};
use crate::images::ImageStore;
use crate::settings::ServeArgs;
use crate::stores;
use crate::webhook::{WebhookClient, check_url};
use actix::{Actor as _, Arbiter};
use actix_web::dev::{Server, ServerHandle};
use actix_web::{App as WebApp, HttpServer};
use anyhow::Context as _;
use liveness_events::session::ModelUsed;
use liveness_models::{Manifest, ModelSet, Runtime};
use liveness_projections::Views;
use liveness_web::{AppState, Handles, Parts, SocketPace};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

/// How long a stopping service lets requests come to their end.
const SHUTDOWN_LIMIT_SECS: u64 = 10;
/// How long a start waits for the views to catch up before it goes on; readiness tells when they have.
const START_LIMIT: Duration = Duration::from_secs(30);

/// A service that is about to run.
pub struct App {
    address: SocketAddr,
    server: Server,
    log: Arc<dyn EventLog>,
    arbiters: Vec<Arbiter>,
    _lock: ServiceLock,
}

impl App {
    /// Opens the stores, loads the networks, starts the actors and listens.
    ///
    /// # Errors
    /// When any of that is not possible; the text says what to do.
    pub async fn build(args: &ServeArgs, clock: Clock) -> anyhow::Result<Self> {
        let dir = DataDir::open(&args.stores.data_dir)?;
        let lock = dir.lock()?;
        let listener = bind(args.listen)?;
        let address = listener.local_addr()?;
        let public_url = args.public_url(address)?;

        let (inference, models) = start_networks(args)?;
        let log = stores::open_log(&args.stores)?;
        let views = Views::open(&dir.views())
            .context("the views cannot be opened: delete views.db, it is rebuilt")?;
        let reader = views.reader()?;
        let images = ImageStore::local(&args.image_store.clone().unwrap_or_else(|| dir.images()))?;
        let master_key = dir.master_key()?;
        let receipt_key = stores::receipt_key(args)?;
        let services =
            Services { clock, log: log.clone(), images, inference, models, master_key: master_key.clone() };

        let projector = Projector::new(log.clone(), views).await?;
        let progress = projector.progress();
        let arbiters = vec![Arbiter::new(), Arbiter::new(), Arbiter::new()];
        let [following, working, front] = &arbiters[..] else { anyhow::bail!("no threads for the actors") };
        let projector = Projector::start_in_arbiter(&following.handle(), |_| projector);
        let registry = {
            let services = services.clone();
            let (threads, views, progress) =
                (args.workers(), projector.clone().recipient(), progress.clone());
            Registry::start_in_arbiter(&front.handle(), move |_| {
                Registry::new(services, views, progress, threads)
            })
        };
        {
            let client = WebhookClient::new(args.webhook_targets())?;
            let webhooks = Webhooks::new(services.clone(), reader.another()?, progress.clone(), client);
            Webhooks::start_in_arbiter(&working.handle(), |_| webhooks);
            let deadlines = Deadlines::new(
                services.clone(),
                reader.another()?,
                progress.clone(),
                registry.clone(),
                args.retention(),
            );
            Deadlines::start_in_arbiter(&working.handle(), |_| deadlines);
            let notary = Notary::new(services.clone(), reader.another()?, progress.clone(), receipt_key);
            Notary::start_in_arbiter(&working.handle(), |_| notary);
        }
        let archive = {
            let services = services.clone();
            Archive::start_in_arbiter(&front.handle(), move |_| Archive::new(services))
        };
        let head_at_start = log.head().await?;
        catch_up(head_at_start, progress.clone()).await?;

        let targets = args.webhook_targets();
        let state = AppState::new(Parts {
            handles: Handles {
                create_check: registry.clone().recipient(),
                cancel_or_erase: registry.clone().recipient(),
                catch_up: projector.recipient(),
                load_images: archive.clone().recipient(),
                read_events: archive.recipient(),
                start_capture: registry.clone().recipient(),
                submit_frame: registry.clone().recipient(),
                leave_capture: registry.recipient(),
            },
            views: reader,
            master: master_key,
            public_url,
            check_webhook_url: Arc::new(move |url| {
                check_url(url, targets).map_err(|refusal| refusal.to_string())
            }),
            readiness: Arc::new(move || readiness(&progress, head_at_start)),
            registry: prometheus_client::registry::Registry::default(),
            pace: SocketPace::default(),
        });
        let server = HttpServer::new(move || {
            let state = state.for_worker();
            WebApp::new().configure(move |config| liveness_web::configure(config, state))
        })
        .shutdown_timeout(SHUTDOWN_LIMIT_SECS)
        .listen(listener)?
        .run();
        tracing::info!(%address, "service started");
        Ok(Self { address, server, log, arbiters, _lock: lock })
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Stops it from elsewhere.
    #[must_use]
    pub fn handle(&self) -> ServerHandle {
        self.server.handle()
    }

    /// Runs until it is told to stop, and then lets the log write what it has taken.
    ///
    /// # Errors
    /// When the server fails.
    pub async fn run(self) -> anyhow::Result<()> {
        let served = self.server.await;
        for arbiter in &self.arbiters {
            arbiter.stop();
        }
        for arbiter in self.arbiters {
            // An arbiter that panicked has ended all the same.
            let _ = tokio::task::spawn_blocking(move || arbiter.join()).await;
        }
        self.log.close().await;
        tracing::info!("service stopped");
        Ok(served?)
    }
}

fn bind(address: SocketAddr) -> anyhow::Result<TcpListener> {
    let listener = TcpListener::bind(address)
        .with_context(|| format!("--listen: {address} cannot be listened on: is another service there?"))?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

fn start_networks(args: &ServeArgs) -> anyhow::Result<(InferencePool, Vec<ModelUsed>)> {
    let dirs = args.models.dirs();
    let manifest = Manifest::built_in()?;
    let runtime = Runtime::load(&manifest.runtime_library(&dirs)?)?;
    let set = ModelSet::read(&manifest, &dirs)?;
    let inference = InferencePool::start(&runtime, &set, args.workers())?;
    let used =
        set.used().iter().map(|(name, sha256)| Ok(ModelUsed { name: name.clone(), sha256: sha256.parse()? }));
    Ok((inference, used.collect::<anyhow::Result<_>>()?))
}

async fn catch_up(head: Position, mut progress: Progress) -> anyhow::Result<()> {
    match tokio::time::timeout(START_LIMIT, progress.wait_for(|position| *position >= head)).await {
        Ok(passed) => {
            passed.context("the projector has ended")?;
        }
        Err(_) => tracing::warn!(head, "views are still being rebuilt; the service answers meanwhile"),
    }
    Ok(())
}

/// Ready while the log is followed, and the views have passed what there was at the start.
fn readiness(progress: &Progress, head_at_start: Position) -> Result<(), String> {
    progress.has_changed().map_err(|_| "the projector has ended: start the service anew".to_owned())?;
    let position = *progress.borrow();
    if position < head_at_start {
        return Err(format!("the views are being rebuilt: at {position} of {head_at_start}"));
    }
    Ok(())
}
