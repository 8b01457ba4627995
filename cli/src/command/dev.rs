//! `dev`

use artifactstore_embedded::{Embedded, EmbeddedOptions};
use artifactstore_kit::Settings;
use artifactstore_server::{DoorOptions, Server};

use super::Ended;
use crate::{
    args::{Dev, Global},
    context::Context,
    database,
    output::Stop,
    render::serving::{self, ServingJson},
};

pub async fn run(arguments: Dev, global: &Global, context: &mut Context) -> Result<Ended, Stop> {
    let Dev { grpc_addr, http_addr } = arguments;
    let mut settings = database::settings()?;
    settings.grpc_addr = grpc_addr.unwrap_or(settings.grpc_addr);
    settings.http_addr = http_addr.unwrap_or(settings.http_addr);
    let options = database::options(global, context, &settings)?;
    let store = Embedded::open(options.clone()).await?;
    let served = serve(&store, &settings, &options, context).await;
    store.close().await;
    served.map(|()| Ended::Well)
}

async fn serve(
    store: &Embedded,
    settings: &Settings,
    options: &EmbeddedOptions,
    context: &mut Context,
) -> Result<(), Stop> {
    let server = Server::bind(store.connection(), DoorOptions::from(settings)).await?;
    let serving = ServingJson {
        grpc: format!("http://{}", server.grpc_addr()),
        http: format!("http://{}", server.http_addr()),
        database: database::shown(options, settings),
        storage: options.storage_root.display().to_string(),
    };
    context.output.show(&serving, || serving::shown(&serving))?;
    context.output.flush()?;
    Ok(Box::pin(server.run(context.stopping.shutdown())).await?)
}
