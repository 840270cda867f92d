//! The cases: one function each, named for what it promises.

pub mod batches;
pub mod concurrency;
pub mod conduct;
pub mod expectations;
pub mod keys;
pub mod named_keys;
pub mod prefixes;
pub mod reading;
pub mod values;
pub mod visiting;
pub mod watching;

use super::Case;

macro_rules! table {
    (() $($group:ident::$case:ident,)*) => {
        /// Every case of the suite, in the order of [`conformance_cases!`](crate::conformance_cases).
        pub const ALL: &[Case] = &[$(Case::new(stringify!($case), $group::$case)),*];
    };
}

crate::conformance_cases! { [table] }

/// Hands the names of all cases to a macro: `conformance_cases! { [callback] arguments }` becomes
/// `callback! { (arguments) group::case, group::case, … }`, each being a function of
/// [`testing::cases`](crate::testing::cases).
///
/// ```
/// macro_rules! count {
///     (() $($group:ident::$case:ident,)*) => { [$(stringify!($case)),*].len() };
/// }
///
/// assert_eq!(constance_core::conformance_cases! { [count] }, constance_core::testing::cases::ALL.len());
/// ```
#[macro_export]
macro_rules! conformance_cases {
    ([$($callback:tt)+] $($arguments:tt)*) => {
        $($callback)+! { ($($arguments)*)
            values::empty_value_is_not_absent,
            values::zero_bytes_survive,
            values::all_byte_values_survive,
            values::invalid_utf8_survives,
            values::text_is_not_normalized,
            values::values_that_look_like_other_formats_survive,
            values::mebibyte_value_survives,
            values::values_of_awkward_lengths_survive,
            values::max_value_len_is_the_truth,
            values::refused_value_leaves_the_old_one,
            values::refusals_show_no_value,
            values::overwritten_value_is_replaced_whole,
            values::reading_does_not_consume,
            keys::keys_differ_by_case,
            keys::keys_differ_by_trailing_dot,
            keys::keys_differ_by_leading_zeros,
            keys::keys_differ_by_punctuation,
            keys::keys_that_begin_alike_are_distinct,
            keys::longest_keys_work,
            keys::every_character_of_a_name_works,
            keys::reserved_words_are_names,
            prefixes::pattern_characters_in_a_prefix_are_literal,
            prefixes::underscore_in_a_prefix_is_literal,
            prefixes::backslash_in_a_prefix_is_literal,
            prefixes::quotes_in_a_prefix_are_literal,
            prefixes::spaces_in_a_prefix_count,
            prefixes::prefixes_differ_by_case,
            prefixes::non_ascii_prefixes_are_distinct,
            prefixes::prefix_of_another_prefix_is_isolated,
            prefixes::separators_are_distinct,
            prefixes::long_prefixes_are_isolated,
            prefixes::empty_prefix_lists_no_prefixed_keys,
            prefixes::unused_prefix_lists_nothing,
            reading::read_of_no_keys_is_empty,
            reading::answers_come_in_the_order_of_the_keys,
            reading::repeated_keys_are_answered_each,
            reading::absent_keys_keep_their_place,
            reading::thousand_keys_are_read_at_once,
            reading::one_read_may_span_prefixes,
            reading::read_with_its_age_reads_the_same,
            reading::reading_writes_nothing,
            reading::listing_agrees_with_reading,
            reading::many_keys_are_listed_once_each,
            reading::listed_keys_are_usable,
            reading::portions_hold_every_listed_key,
            visiting::visit_shows_a_value_once,
            visiting::visit_shows_absence_once,
            visiting::visit_shows_an_empty_value,
            visiting::visit_agrees_with_read,
            visiting::visitor_may_read,
            visiting::visitor_may_write,
            visiting::visitor_does_not_stop_other_threads,
            batches::empty_batch_is_done,
            batches::batch_of_200_changes_is_applied,
            batches::batch_of_200_expectations_is_checked,
            batches::batch_beyond_a_limit_is_refused,
            batches::batch_sets_and_removes_together,
            batches::failing_last_expectation_writes_nothing,
            batches::conflict_names_the_change_and_what_is_stored,
            batches::removing_the_absent_is_done,
            batches::removed_key_is_absent_again,
            batches::previous_values_come_in_order,
            batches::previous_values_are_not_given_unasked,
            batches::keep_changes_nothing,
            batches::keep_on_absent_creates_nothing,
            batches::failing_keep_stops_the_others,
            expectations::any_holds_always,
            expectations::absent_refuses_what_is_stored,
            expectations::absent_refuses_an_empty_value,
            expectations::equals_accepts_the_same_bytes,
            expectations::equals_accepts_a_change_to_the_same,
            expectations::equals_refuses_the_absent,
            expectations::equals_knows_the_empty_value,
            expectations::equals_is_exact,
            expectations::equals_compares_long_values_whole,
            expectations::removal_checks_its_expectation,
            concurrency::compare_and_set_counts_exactly,
            concurrency::creation_has_one_winner,
            concurrency::writers_of_different_keys_lose_nothing,
            concurrency::batches_are_never_seen_torn,
            concurrency::thousand_keys_are_read_as_of_one_moment,
            concurrency::keep_holds_against_another_writer,
            concurrency::removal_races_lose_nothing,
            concurrency::listing_during_writes_works,
            watching::watch_capability_is_the_truth,
            watching::change_before_the_first_wait_wakes,
            watching::every_change_wakes,
            watching::removal_wakes,
            watching::batch_wakes,
            watching::change_during_a_wait_wakes,
            watching::every_feed_wakes,
            watching::wake_announces_what_can_be_read,
            watching::changes_elsewhere_hide_nothing,
            watching::odd_prefixes_can_be_watched,
            watching::quiet_feed_times_out,
            watching::interrupter_ends_a_wait,
            watching::interrupt_before_a_wait_is_kept,
            named_keys::changed_keys_leave_nothing_out,
            named_keys::catching_up_finds_a_later_batch,
            named_keys::named_keys_show_one_moment,
            conduct::name_is_one_word,
            conduct::capability_does_not_change,
            conduct::default_prefix_is_valid,
            conduct::ping_of_a_working_store_succeeds,
            conduct::migrating_again_changes_nothing,
            conduct::declaring_keys_does_no_harm,
            conduct::shared_capability_is_the_truth,
            conduct::write_is_read_through_another_backend,
            conduct::persistent_capability_is_the_truth,
            conduct::feed_learns_of_other_writers,
            conduct::pointers_are_backends,
            conduct::debug_shows_no_value,
            conduct::identity_tells_stores_apart,
        }
    };
}
