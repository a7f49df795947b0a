//! The contract suite: every claim is checked on every backend.

use crate::backend::Backend;

mod coalescing;
mod consuming;
mod dedup;
mod looking;
mod redelivery;

/// Runs claims over all backends: a new backend is one line here.
macro_rules! over_every_backend {
    ($($module:ident :: { $($claim:ident),* $(,)? })*) => {
        over_every_backend!(@backend memory Memory $($module :: { $($claim),* })*);
        over_every_backend!(@backend embedded Embedded $($module :: { $($claim),* })*);
        over_every_backend!(@backend jetstream JetStream $($module :: { $($claim),* })*);
    };
    (@backend $name:ident $backend:ident $($module:ident :: { $($claim:ident),* })*) => {
        mod $name {
            $($(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $claim() {
                    super::$module::$claim(super::Backend::$backend).await;
                }
            )*)*
        }
    };
}

over_every_backend! {
    consuming::{
        a_delivery_carries_what_was_published,
        an_empty_pull_returns_after_its_wait,
        a_waiting_pull_returns_as_soon_as_a_message_comes,
        older_messages_come_first,
        messages_of_connections_that_are_left_out_stay,
        a_batch_is_stored_in_order,
        consumers_see_their_own_lane_only,
        no_two_pullers_hold_the_same_message,
        a_busy_connection_does_not_hold_up_the_others,
        an_abandoned_pull_keeps_nothing,
    }
    redelivery::{
        an_acked_message_does_not_come_again,
        an_unsettled_message_comes_again_after_ack_wait,
        a_late_ack_still_counts,
        work_in_progress_is_left_alone,
        a_nak_without_delay_comes_at_once,
        a_nak_with_a_delay_comes_after_it,
        a_terminated_message_does_not_come_again,
        a_message_given_back_keeps_its_place,
    }
    dedup::{
        a_repeated_id_is_stored_once,
        a_repeated_id_is_a_duplicate_after_the_first_was_acked,
        an_id_is_forgotten_after_the_window,
        ids_of_different_streams_do_not_collide,
        a_batch_can_repeat_an_id_too,
        any_text_can_be_an_id,
    }
    coalescing::{
        a_newer_command_replaces_the_waiting_one,
        a_newer_command_replaces_one_in_flight,
        giving_back_a_replaced_command_changes_nothing,
        a_newer_command_replaces_a_delayed_one_and_is_ready_at_once,
        records_and_lanes_are_apart,
        events_are_all_kept,
    }
    looking::{
        browsing_goes_page_by_page,
        the_history_is_one_records_and_ends_with_the_newest,
        a_message_is_found_and_removed_in_its_own_stream_only,
        trimming_removes_what_is_old,
        depth_tells_waiting_from_in_flight_from_delayed,
        a_backlog_is_one_connections_and_one_consumers,
        a_working_queue_is_healthy,
    }
}
