//! Puts the service together; the binary and the tests run the same one.

mod ending;

use crate::actors::Services;
use crate::actors::archive::Archive;
use crate::actors::deadlines::Deadlines;
use crate::actors::inference::InferencePool;
use crate::actors::notary::Notary;
use crate::actors::projector::Projector;
use crate::actors::registry::Registry;
use crate::actors::webhooks::Webhooks;
use crate::clock::Clock;
use crate::data_dir::{DataDir, ServiceLock};
use crate::event_log::wire::WireThreads;
use crate::images::ImageStore;
use crate::lease::Turn;
use crate::networks::Networks;
use crate::readiness::Readiness;
use crate::settings::ServeArgs;
use crate::stores;
use crate::webhook::{WebhookClient, check_url};
use actix::{Actor as _, Arbiter};
use actix_web::dev::{Server, ServerHandle};
use actix_web::{App as WebApp, HttpServer};
use anyhow::Context as _;
use ending::Actors;
use liveness_events::session::ModelUsed;
use liveness_projections::Views;
use liveness_web::{AppState, Handles, Parts, SocketPace};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

/// How long a stopping service lets requests come to their end.
const SHUTDOWN_LIMIT_SECS: u64 = 10;

/// A service that is about to run.
pub struct App {
    address: SocketAddr,
    server: Server,
    wire: Option<WireThreads>,
    actors: Actors,
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
        let wire_settings = args.wire.settings()?;
        if wire_settings.is_some() {
            args.stores.check_embedded("--esdb-listen")?;
        }

        let (inference, models) = start_networks(args)?;
        let log = stores::open_log(&args.stores)?;
        let views = Views::open(&dir.views())
            .context("the views cannot be opened: delete views.db, it is rebuilt")?;
        let reader = views.reader()?;
        let master_key = stores::master_key(args, &dir)?;
        let images = stores::open_images(args, &dir, master_key.clone())?;
        if !images.is_local() {
            check_images(&images).await?;
        }
        let receipt_key = stores::receipt_key(args)?;
        let services = Services {
            clock,
            log: log.clone(),
            images,
            inference,
            models,
            shares_log: !args.is_alone(),
            master_key: master_key.clone(),
        };

        let node = dir.node_id()?;
        let turn = |work| match args.is_alone() {
            true => Turn::always(),
            false => Turn::shared(log.clone(), services.clock.clone(), node, work),
        };
        let projector = Projector::new(log.clone(), views)?;
        let progress = projector.progress();
        let (following, working, signing, front) =
            (Arbiter::new(), Arbiter::new(), Arbiter::new(), Arbiter::new());
        let projector = Projector::start_in_arbiter(&following.handle(), |_| projector);
        let registry = {
            let services = services.clone();
            let (threads, views, progress) =
                (args.workers(), projector.clone().recipient(), progress.clone());
            Registry::start_in_arbiter(&front.handle(), move |_| {
                Registry::new(services, views, progress, threads)
            })
        };
        let notary = {
            let client = WebhookClient::new(args.webhook_targets())?;
            let webhooks = Webhooks::new(
                services.clone(),
                reader.another()?,
                progress.clone(),
                client,
                turn("webhooks"),
            );
            Webhooks::start_in_arbiter(&working.handle(), |_| webhooks);
            let deadlines = Deadlines::new(
                services.clone(),
                reader.another()?,
                progress.clone(),
                registry.clone(),
                args.retention(),
                turn("deadlines"),
            );
            Deadlines::start_in_arbiter(&working.handle(), |_| deadlines);
            let notary = Notary::new(
                services.clone(),
                reader.another()?,
                progress.clone(),
                receipt_key,
                turn("receipts"),
            );
            Notary::start_in_arbiter(&signing.handle(), |_| notary)
        };
        let archive = {
            let services = services.clone();
            Archive::start_in_arbiter(&front.handle(), move |_| Archive::new(services))
        };
        let readiness = Readiness::new(log.clone(), progress.clone(), reader.another()?, master_key.clone());
        readiness.await_start().await?;

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
                leave_capture: registry.clone().recipient(),
            },
            views: reader,
            master: master_key,
            public_url,
            check_webhook_url: Arc::new(move |url| {
                check_url(url, targets).map_err(|refusal| refusal.to_string())
            }),
            readiness: {
                let readiness = readiness.clone();
                Arc::new(move || readiness.check())
            },
            staleness: Arc::new(move || readiness.staleness()),
            shares_log: !args.is_alone(),
            registry: prometheus_client::registry::Registry::default(),
            pace: SocketPace::default(),
        });
        let wire = match wire_settings {
            Some(mut settings) => {
                settings.groups = Some(dir.groups());
                Some(WireThreads::start(log.clone(), settings).await.context("--esdb-listen")?)
            }
            None => None,
        };
        let server = HttpServer::new(move || {
            let state = state.for_worker();
            WebApp::new().configure(move |config| liveness_web::configure(config, state))
        })
        .shutdown_timeout(SHUTDOWN_LIMIT_SECS)
        .listen(listener)?
        .run();
        tracing::info!(%address, "service started");
        let others = vec![following, signing, front];
        let actors = Actors { log, progress, registry, notary, working, others };
        Ok(Self { address, server, wire, actors, _lock: lock })
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where it serves the event log to clients of EventStoreDB, if it does.
    #[must_use]
    pub fn wire_address(&self) -> Option<SocketAddr> {
        self.wire.as_ref().map(WireThreads::address)
    }

    /// Stops it from elsewhere.
    #[must_use]
    pub fn handle(&self) -> ServerHandle {
        self.server.handle()
    }

    /// Runs until it is told to stop, then lets what was begun come to its end, and the log write what it has taken.
    ///
    /// # Errors
    /// When the server fails.
    pub async fn run(self) -> anyhow::Result<()> {
        let served = self.server.await;
        if let Some(wire) = self.wire {
            wire.stop().await;
        }
        self.actors.end().await;
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
    let networks = Networks::load(&args.models, &args.stores.data_dir)?;
    let inference = InferencePool::start(&networks.runtime, &networks.set, args.workers())?;
    Ok((inference, networks.used()?))
}

/// Stores elsewhere must be fit for what they are to hold; one that is away may come back.
async fn check_images(images: &ImageStore) -> anyhow::Result<()> {
    match images.check().await {
        Err(error) if error.is_unfit() => Err(error.into()),
        Err(error) => {
            tracing::warn!(%error, "images cannot be kept at the moment");
            Ok(())
        }
        Ok(()) => Ok(()),
    }
}
