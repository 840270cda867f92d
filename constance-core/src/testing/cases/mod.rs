//! The cases: one function each, named for what it promises.

pub mod batches;
pub mod keys;
pub mod values;

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
            batches::empty_batch_is_done,
            batches::batch_of_200_changes_is_applied,
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
        }
    };
}
