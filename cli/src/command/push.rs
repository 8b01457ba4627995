//! `push`

use artifactstore_client::{PushRequest, PushTarget};
use artifactstore_types::{Fault, Metadata, NewPackage, Provenance, Value};

use super::Ended;
use crate::{args::Push, context::Context, faults, output::Stop, render::report, store::Missing};

pub async fn run(arguments: Push, context: &mut Context) -> Result<Ended, Stop> {
    let request = request(arguments, context)?;
    let missing = match request.target {
        PushTarget::New(_) => Missing::Make,
        PushTarget::Open(_) => Missing::Refuse,
    };
    let pushed = context
        .with_store(missing, async |context, connection| {
            let progress = context.progress("pushing");
            context.stopping.set_changing(true);
            let pushed = artifactstore_client::push(&connection, request, progress, context.stopping.asked()).await;
            context.stopping.set_changing(false);
            Ok(pushed?)
        })
        .await?;
    context.tell_skipped(&pushed.skipped);
    context.output.show(&report::pushed_json(&pushed), || report::pushed(&pushed))?;
    Ok(Ended::Well)
}

fn request(arguments: Push, context: &Context) -> Result<PushRequest, Fault> {
    let target = match arguments.into {
        Some(package) => PushTarget::Open(package),
        None => PushTarget::New(Box::new(new_package(&arguments, context)?)),
    };
    Ok(PushRequest {
        directory: arguments.directory,
        target,
        actor: context.actor.clone(),
        replace: arguments.replace,
        finalize: !arguments.no_finalize,
        skip_special: arguments.skip_special,
    })
}

fn new_package(arguments: &Push, context: &Context) -> Result<NewPackage, Fault> {
    let Push { name, producer, subject, class, .. } = arguments;
    let (Some(name), Some(producer), Some(subject), Some(class)) = (name, producer, subject, class) else {
        return Err(faults::not_understood("push: --name, --producer, --subject and --class are needed, or --into"));
    };
    let mut metadata = Metadata::new();
    for pair in &arguments.meta {
        if metadata.insert(pair.key.clone(), Value::Text(pair.value.clone())).is_some() {
            return Err(faults::not_understood(format!("push: --meta {} is said twice", pair.key)));
        }
    }
    Ok(NewPackage {
        namespace: context.namespace.clone(),
        name: name.clone(),
        producer: producer.clone(),
        subject: subject.clone(),
        kind: arguments.kind.clone(),
        class: class.clone(),
        metadata,
        provenance: Provenance {
            source_refs: arguments.source_ref.clone(),
            producer_version: arguments.producer_version.clone(),
            extra: Metadata::new(),
        },
    })
}
