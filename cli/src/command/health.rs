//! `health`

use artifactstore_types::Category;

use super::Ended;
use crate::{context::Context, output::Stop, render::health, store::Missing};

pub async fn run(context: &mut Context) -> Result<Ended, Stop> {
    let found = context
        .with_store(Missing::Refuse, async |context, connection| Ok(context.until_stopped(connection.health()).await?))
        .await?;
    context.output.show(&health::json(&found), || health::shown(&found))?;
    Ok(if found.serving() { Ended::Well } else { Ended::With(Category::Unavailable) })
}
