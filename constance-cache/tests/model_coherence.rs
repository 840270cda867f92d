//! The protocol of the shared cache in every interleaving, and what becomes of it without each of its rules.
#![allow(clippy::print_stdout)]

mod model;

use model::{Protocol, Rule, Stores};
use stateright::{Checker, HasDiscoveries, Model};

/// The states on the way to what this breaks.
fn breaks(rule: Rule, property: &'static str) {
    breaks_with(rule, Stores::One, property);
}

fn breaks_with(rule: Rule, stores: Stores, property: &'static str) {
    let found = HasDiscoveries::AllOf([property].into());
    let checker = Protocol(rule, stores).checker().threads(2).finish_when(found).spawn_bfs().join();
    println!("{rule:?}: {} states", checker.unique_state_count());
    let way = checker.discovery(property).unwrap_or_else(|| panic!("{rule:?} does not break: {property}"));
    println!("{:?}", way.into_actions());
}

#[test]
fn the_protocol_holds_in_every_interleaving() {
    holds(Stores::One);
}

#[test]
fn it_holds_where_one_store_has_two_names() {
    holds(Stores::TwoNames);
}

#[test]
fn it_holds_for_two_stores_behind_one_cache() {
    holds(Stores::Two);
}

fn holds(stores: Stores) {
    let checker = Protocol(Rule::Whole, stores).checker().threads(2).spawn_bfs().join();
    println!("{} states, {} deep", checker.unique_state_count(), checker.max_depth());
    checker.assert_properties();
    assert!(checker.is_done());
}

const TRUTH: &str = "at rest the cache holds what the store holds";

#[test]
fn without_leases_it_fails() {
    breaks(Rule::NoLease, TRUTH);
    breaks(Rule::NoLease, "a fill whose lease was lost never lands");
}

#[test]
fn with_leases_that_a_restart_repeats_it_fails() {
    breaks(Rule::ForgeableLease, TRUTH);
}

#[test]
fn with_one_mark_for_all_writers_it_fails() {
    breaks(Rule::BooleanMark, "a clearing leaves the marks of others");
    breaks(Rule::BooleanMark, TRUTH);
}

#[test]
fn without_marks_it_fails() {
    breaks(Rule::NoMark, TRUTH);
}

#[test]
fn without_a_probation_it_fails() {
    breaks(Rule::NoProbation, TRUTH);
}

#[test]
fn without_a_fingerprint_two_stores_are_mixed_up() {
    breaks_with(Rule::NoFingerprint, Stores::Two, "nobody is served what another store holds");
}
