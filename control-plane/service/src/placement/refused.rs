//! Why nobody takes an upload.

use artifactstore_types::{BackendId, Category, Fault, Zone};

/// Every code made here, with what it means.
pub const CODES: &[(&str, &str)] = &[
    ("AS-PLC-0001", "no node serves the backend"),
    ("AS-PLC-0002", "no node of the backend is active"),
    ("AS-PLC-0003", "no active node of the backend stands in the zone"),
    ("AS-PLC-0004", "every active node of the backend has failed this upload"),
];

/// Which condition left no node.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PlacementRefused {
    /// No node that is there serves the backend.
    NoNode {
        /// The backend, where one was asked for.
        backend_id: Option<BackendId>,
    },
    /// Some do, but none of them takes new work.
    NoneActive {
        /// The backend, where one was asked for.
        backend_id: Option<BackendId>,
    },
    /// Some take it, but none in the zone.
    NoneInZone {
        /// The backend, where one was asked for.
        backend_id: Option<BackendId>,
        /// The zone.
        zone: Zone,
    },
    /// Each that would take it has failed this upload already.
    AllFailed {
        /// The backend, where one was asked for.
        backend_id: Option<BackendId>,
    },
}

impl From<PlacementRefused> for Fault {
    fn from(refused: PlacementRefused) -> Self {
        let (fault, backend_id) = match refused {
            PlacementRefused::NoNode { backend_id } => {
                (Self::new("AS-PLC-0001", Category::NotFound, "place upload: no node serves the backend"), backend_id)
            }
            PlacementRefused::NoneActive { backend_id } => {
                let message = "place upload: no node of the backend is active";
                (Self::new("AS-PLC-0002", Category::Unavailable, message), backend_id)
            }
            PlacementRefused::NoneInZone { backend_id, zone } => {
                let message = format!("place upload: no node of the backend is active in zone {zone}");
                (Self::new("AS-PLC-0003", Category::Unavailable, message), backend_id)
            }
            PlacementRefused::AllFailed { backend_id } => {
                let message = "place upload: every active node of the backend has failed it";
                (Self::new("AS-PLC-0004", Category::Unavailable, message), backend_id)
            }
        };
        match backend_id {
            Some(backend_id) => fault.about(backend_id),
            None => fault,
        }
    }
}
