//! `tail`

use artifactstore_client::TailRequest;
use artifactstore_types::EventFilter;
use futures::{FutureExt as _, TryStreamExt as _};

use super::Ended;
use crate::{
    args::{EventSubject, Tail},
    context::Context,
    faults,
    output::Stop,
    render::event,
    store::Missing,
};

pub async fn run(arguments: Tail, context: &mut Context) -> Result<Ended, Stop> {
    let Tail { since, follow, types, subject } = arguments;
    let subject_id = match &subject {
        Some(EventSubject::Package(package)) => Some(package.to_string()),
        Some(EventSubject::Stream(stream)) if stream.namespace == context.namespace => Some(stream.to_string()),
        Some(EventSubject::Stream(stream)) => {
            let (asked, namespace) = (&stream.namespace, &context.namespace);
            let refused = format!("tail: stream {stream} is of namespace {asked}, and events are of {namespace}");
            return Err(faults::not_understood(refused).into());
        }
        None => None,
    };
    let filter = EventFilter { types, subject_id };
    let request = TailRequest { namespace: context.namespace.clone(), since, filter, follow };
    context
        .with_store(Missing::Refuse, async |context, connection| {
            // A package that does not exist would have no events, now or ever.
            if let Some(EventSubject::Package(package)) = subject {
                context.until_stopped(connection.load_package(package)).await?;
            }
            let mut events = artifactstore_client::tail(&connection, request);
            loop {
                // Whoever follows sees an event at once; events that come together are written together.
                let event = if let Some(ready) = events.try_next().now_or_never() {
                    ready?
                } else {
                    context.output.flush()?;
                    context.until_stopped(events.try_next()).await?
                };
                let Some(record) = event else { return Ok(()) };
                context.output.show(&event::json(&record), || event::line(&record))?;
            }
        })
        .await?;
    Ok(Ended::Well)
}
