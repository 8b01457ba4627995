//! Work that is tried again and again: what goes wrong is said once when it begins, and once when it is over, and not in
//! between.

use std::collections::BTreeSet;

use artifactstore_types::Fault;

/// What is in trouble now.
#[derive(Debug, Default)]
pub struct Troubled(BTreeSet<&'static str>);

impl Troubled {
    /// Notes how a try ended; says whether well.
    pub fn note<T>(&mut self, what: &'static str, tried: Result<T, Fault>) -> bool {
        match tried {
            Ok(_) => {
                if self.0.remove(what) {
                    tracing::info!(what, "works again");
                }
                true
            }
            Err(fault) => {
                if self.0.insert(what) {
                    tracing::warn!(what, %fault, "fails; it is tried again and again");
                }
                false
            }
        }
    }
}
