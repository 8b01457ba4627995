//! The statements, each a `.sql` file: one text for both engines where possible, and otherwise one in each engine's folder
//! under the same name. A test prepares every one of them on both.
//!
//! A statement about many rows names its columns once: PostgreSQL takes them as arrays, and for SQLite the part in
//! `{…}` is repeated for every row.

use std::sync::{Arc, OnceLock};

/// How many rows one text of a repeated statement may take. Few sizes, so that each is prepared once a connection.
pub(crate) const SIZES: [usize; 5] = [256, 64, 16, 4, 1];

/// One statement.
#[derive(Debug)]
pub(crate) struct Statement {
    /// Its file's name without `.sql`.
    #[cfg(test)]
    pub(crate) name: &'static str,
    /// Its text.
    pub(crate) text: &'static str,
    repeated: [OnceLock<Arc<str>>; SIZES.len()],
}

impl Statement {
    const fn new(
        #[cfg_attr(not(test), expect(unused_variables, reason = "tests say which statement they are about"))]
        name: &'static str,
        text: &'static str,
    ) -> Self {
        Self {
            #[cfg(test)]
            name,
            text,
            repeated: [const { OnceLock::new() }; SIZES.len()],
        }
    }

    /// The text for `SIZES[size]` rows.
    pub(crate) fn repeated(&self, size: usize) -> Arc<str> {
        let rows = SIZES[size];
        Arc::clone(self.repeated[size].get_or_init(|| match self.text.split_once('{').zip(self.text.split_once('}')) {
            Some(((before, _), (upto, after))) => {
                let row = &upto[before.len() + 1..];
                format!("{before}{}{after}", vec![row; rows].join(", ")).into()
            }
            None => self.text.into(),
        }))
    }
}

macro_rules! statements {
    (portable: [$($portable:ident),+ $(,)?], each: [$($each:ident),+ $(,)?]) => {
        /// The texts of one engine.
        #[derive(Debug)]
        pub(crate) struct Statements {
            $(pub(crate) $portable: Statement,)+
            $(pub(crate) $each: Statement,)+
        }

        impl Statements {
            /// Every statement.
            #[cfg(test)]
            pub(crate) fn all(&self) -> Vec<&Statement> {
                vec![$(&self.$portable,)+ $(&self.$each,)+]
            }
        }

        pub(crate) static POSTGRES: Statements = Statements {
            $($portable: Statement::new(
                stringify!($portable),
                include_str!(concat!("statements/portable/", stringify!($portable), ".sql")),
            ),)+
            $($each: Statement::new(
                stringify!($each),
                include_str!(concat!("statements/postgres/", stringify!($each), ".sql")),
            ),)+
        };

        pub(crate) static SQLITE: Statements = Statements {
            $($portable: Statement::new(
                stringify!($portable),
                include_str!(concat!("statements/portable/", stringify!($portable), ".sql")),
            ),)+
            $($each: Statement::new(
                stringify!($each),
                include_str!(concat!("statements/sqlite/", stringify!($each), ".sql")),
            ),)+
        };
    };
}

statements! {
    portable: [
        compare_contract_events,
        compare_contract_states,
        compare_files,
        compare_locations,
        compare_nodes,
        compare_packages,
        compare_retention,
        find_event_id,
        find_file,
        find_file_by_id,
        find_manifest,
        find_package,
        list_classes,
        list_control_keys,
        list_events,
        list_files,
        list_migrations,
        list_nodes,
        list_packages,
        list_revision_gaps,
        list_stream_events,
        list_streams_events,
        load_ends,
        load_head,
        scan_events,
    ],
    each: [
        add_locations,
        advance_head,
        advance_nodes,
        advance_packages,
        append_events,
        describe_nodes,
        find_answered,
        find_blobs,
        find_contract_events,
        find_contract_states,
        find_paths,
        find_sizes,
        find_states,
        forget_answered,
        forget_keys,
        list_locations,
        list_placed_files,
        insert_contract_events,
        insert_files,
        insert_packages,
        rebind_files,
        record_answered,
        record_heartbeats,
        set_contract_states,
        set_retention,
        trust_control_keys,
    ]
}
