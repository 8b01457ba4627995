//! A node, put together: backends, engine, services, announcements; and how it ends. Readiness goes first and the control
//! planes are told; then no new calls are taken; what is under way finishes; then the announcements end, and the engine.

use std::{net::SocketAddr, sync::Arc};

use artifactstore_dataplane::{
    DataPlane,
    grpc::{ControlGuard, UNHURRIED, service},
};
use artifactstore_engine::{Engine, EngineOptions};
use artifactstore_kit::Shutdown;
use artifactstore_serving::{DoorOptions, Doors, Offer};
use artifactstore_types::{Fault, NodeDescription};
use tokio_util::sync::CancellationToken;
use tonic::service::Routes;

use crate::{
    faults, http,
    load::Load,
    options::NodeOptions,
    readiness::Readiness,
    registration::{Announcer, Registration},
    site::Site,
    transfer::{Transfers, signer::Signer},
};

/// A node that listens, but does not answer before it runs.
pub struct Node {
    options: NodeOptions,
    description: NodeDescription,
    engine: Engine,
    doors: Doors,
}

impl Node {
    /// Opens the backends and listens. Must be called within a runtime.
    ///
    /// # Errors
    /// No backend, or two of one name; an address that cannot be listened on; a node that cannot be described.
    pub async fn open(mut options: NodeOptions) -> Result<Self, Fault> {
        let doors = DoorOptions { unhurried: UNHURRIED, ids: Arc::clone(&options.ids), ..options.doors.clone() };
        let doors = Doors::bind(doors).await?;
        let (backends, announced) = std::mem::take(&mut options.backends).into_iter().unzip();
        let identity = &options.identity;
        let endpoint = match identity.endpoint.clone() {
            Some(endpoint) => endpoint,
            None => format!("http://{}", doors.grpc_addr()).parse().map_err(faults::not_describable)?,
        };
        let description = NodeDescription {
            node_id: identity.node_id.clone(),
            public_key: *options.key.public_key().bytes(),
            endpoint,
            backends: announced,
            zone: identity.zone.clone(),
            weight: identity.weight,
            version: env!("CARGO_PKG_VERSION").parse().map_err(faults::not_describable)?,
        };
        description.check().map_err(faults::not_describable)?;
        let (clock, ids) = (Arc::clone(&options.clock), Arc::clone(&options.ids));
        let engine = Engine::open(EngineOptions::new(identity.node_id.clone(), backends, clock, ids)).await?;
        Ok(Self { options, description, engine, doors })
    }

    /// What it says of itself to control planes.
    pub fn description(&self) -> &NodeDescription {
        &self.description
    }

    /// Where gRPC is served, with the port that the system chose.
    pub fn grpc_addr(&self) -> SocketAddr {
        self.doors.grpc_addr()
    }

    /// Where HTTP is served, with the port that the system chose.
    pub fn http_addr(&self) -> SocketAddr {
        self.doors.http_addr()
    }

    /// Serves until the end was asked for and transfers under way have ended.
    ///
    /// # Errors
    /// A listener that fails.
    pub async fn run(self, shutdown: &Shutdown) -> Result<(), Fault> {
        let Self { options, description, engine, doors } = self;
        let site = Site::new(options.control_planes.iter().cloned());
        let load = Load::new(options.limits);
        let plane: Arc<dyn DataPlane> = Arc::new(engine.clone());
        let readiness = Readiness {
            plane: Arc::clone(&plane),
            backend_ids: description.backends.iter().map(|backend| backend.backend_id.clone()).collect(),
            site: site.clone(),
            timeout: options.doors.health_timeout,
            ending: shutdown.soft().clone(),
        };

        let announcer = Announcer {
            description: description.clone(),
            key: options.key.clone(),
            join_token: options.join_token,
            site: site.clone(),
            load: load.clone(),
            readiness: readiness.clone(),
        };
        let registration = Registration::start(&announcer, &options.control_planes);

        let guard = ControlGuard::new(site.keys(), description.node_id.clone(), Arc::clone(&options.clock));
        let signer = Signer::new(options.key, description.node_id, options.clock);
        let transfers = Transfers::new(engine.clone(), signer, site, load.clone(), options.idle_timeout);
        let services = Routes::new(service(plane, guard, options.idle_timeout)).add_service(transfers.service());
        let offer = Offer {
            services,
            http: http::routes(readiness.clone(), load.clone()),
            checked: Arc::new(readiness),
            draining: CancellationToken::new(),
        };
        let served = doors.serve(offer, shutdown).await;
        registration.end().await;
        engine.close().await;
        served
    }
}
