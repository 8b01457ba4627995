//! What every store must do, as one suite over the ports: memory is the reference, SQLite and PostgreSQL are held to it.
//! Each case is a sentence; each runs on each engine, on a store of its own.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that meets what it does not expect fails")]

mod concurrency;
mod contracts;
mod damage;
mod files;
mod leases;
mod log;
mod nodes;
mod packages;
mod repeats;
mod tails;
mod upkeep;
mod views;
mod world;

/// Every case, stamped once an engine.
macro_rules! suite {
    ($($area:ident: [$($case:ident),+ $(,)?]),+ $(,)?) => {
        mod memory {
            $(mod $area {
                $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $case() {
                    crate::$area::$case(crate::world::memory()).await;
                })+
            })+
        }

        databases! { $($area: [$($case),+]),+ }
    };
}

/// Every case, stamped once a database.
macro_rules! databases {
    ($($area:ident: [$($case:ident),+ $(,)?]),+ $(,)?) => {
        mod sqlite {
            $(mod $area {
                $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $case() {
                    crate::$area::$case(crate::world::sqlite().await).await;
                })+
            })+
        }

        mod postgres {
            $(mod $area {
                $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $case() {
                    crate::$area::$case(crate::world::postgres().await).await;
                })+
            })+
        }
    };
}

suite! {
    packages: [
        creates_a_package_with_the_expiry_of_its_class,
        keeps_everything_a_producer_said,
        refuses_an_id_that_exists,
        refuses_a_class_that_does_not_exist,
        refuses_a_change_to_a_package_that_does_not_exist,
        finalizes_under_the_digest_of_the_manifest,
        counts_the_default_expiry_from_finalization,
        finalizing_again_changes_nothing,
        refuses_a_manifest_built_from_another_revision,
        refuses_a_manifest_of_another_package,
        names_the_manifest_in_every_refusal_after_finalization,
        gives_a_package_up_once,
        a_refused_command_does_not_touch_its_neighbours,
    ],
    files: [
        binds_paths_to_blobs,
        refuses_a_path_that_exists_and_names_it,
        refuses_a_path_that_stands_twice_in_one_command,
        replaces_a_file_where_told_to,
        replaces_a_file_of_the_same_batch,
        refuses_one_file_and_takes_the_others,
        refuses_all_files_for_one_where_told_to,
        refuses_a_path_that_would_be_a_file_and_a_directory,
        refuses_a_receipt_that_contradicts_itself,
        keeps_executable_bits_and_dot_files,
        takes_ten_thousand_files_at_once,
        keeps_each_place_of_a_blob_once,
    ],
    repeats: [
        accepts_the_same_file_again_where_it_may_be_a_repetition,
        replacing_with_what_is_there_changes_nothing_where_it_may_be_a_repetition,
        takes_one_statement_a_part_of_a_ticket,
        a_statement_that_came_to_nothing_is_not_recorded,
        one_of_two_statements_made_at_once_is_taken,
    ],
    log: [
        numbers_events_without_gap,
        gives_pages_of_events_in_order,
        gives_a_payload_back_as_it_was_written,
        ends_a_page_before_it_is_too_large,
        seals_every_event,
        appends_nothing_for_what_is_refused,
        wakes_whoever_waits_for_events,
    ],
    views: [
        lists_packages_the_newest_first,
        lists_packages_by_what_they_are,
        keeps_namespaces_apart,
        lists_files_by_the_bytes_of_their_paths,
        finds_files_by_path_and_by_id,
        finds_blobs_in_the_order_asked,
        knows_which_sizes_are_here,
        lists_locations_by_address,
        lists_files_with_every_location_of_their_blobs,
        finds_no_manifest_before_there_is_one,
        lists_the_five_classes,
        refuses_to_answer_about_too_many_items,
    ],
    contracts: [
        appends_contract_events_and_keeps_their_state,
        accepts_a_contract_event_again_and_refuses_other_bytes,
        refuses_all_contract_events_for_one_where_told_to,
        folds_a_stream_again_where_an_event_falls_into_its_past,
        gives_a_state_as_it_was,
        keeps_streams_of_namespaces_apart,
        appends_contract_events_beside_other_changes,
        takes_concurrent_appends_to_one_stream,
        keeps_an_envelope_of_any_size_byte_for_byte,
        replays_streams_to_the_same_states,
    ],
    concurrency: [
        takes_concurrent_adds_to_one_package,
        a_path_added_twice_at_once_is_taken_once,
        shows_no_hole_while_many_append,
        commits_what_was_taken_though_nobody_waits_for_it,
        answers_everything_before_it_stops,
    ],
    tails: [
        gives_what_was_and_then_what_comes,
        ends_at_the_head_where_it_is_not_to_follow,
        gives_one_namespace_and_what_the_filter_admits,
        a_subscriber_that_fell_behind_misses_nothing,
        reads_a_large_event_from_the_table,
        a_thousand_subscribers_see_the_same,
    ],
    nodes: [
        keeps_a_node_as_it_describes_itself,
        moves_a_node_through_its_life,
        refuses_what_the_rules_refuse_and_appends_nothing_then,
        decides_about_nodes_between_packages,
        one_of_two_nodes_gets_a_backend_both_announce_at_once,
        keeps_what_was_heard_last,
        tells_of_nodes_in_the_namespace_of_the_site,
        trusts_a_key_until_it_is_over,
    ],
    leases: [
        is_held_by_one_at_a_time,
    ],
    upkeep: [
        replays_to_the_same_views,
        finds_nothing_wrong_with_what_it_wrote,
        applies_each_migration_once,
        starts_afresh,
        answers_a_ping,
    ],
}

/// What can only happen to what is kept outside the process.
mod kept {
    databases! {
        damage: [
            names_the_event_whose_payload_was_altered,
            names_the_event_of_which_a_column_was_altered,
            names_the_event_whose_digest_was_altered,
            names_the_event_that_cannot_be_read,
            names_the_events_that_are_missing,
            names_the_first_event_where_it_is_missing,
            names_the_last_event_where_it_is_missing,
            finds_a_head_that_was_set_back,
            names_the_event_whose_revision_is_out_of_turn,
            finds_rows_of_views_that_were_altered,
            finds_rows_of_views_that_are_missing_or_should_not_be_there,
            finds_classes_that_were_altered_or_deleted,
        ],
        nodes: [finds_rows_of_nodes_that_are_not_what_the_log_says],
        contracts: [
            finds_rows_of_contract_views_that_are_not_what_they_should_be,
            refuses_to_fold_a_contract_event_that_was_altered,
        ],
    }
}
