//! What the enumeration has found, by name. Each of these lost something that was acknowledged.

use crate::every_state::{in_words, killed, on};
use crate::exploring::{Complaint, Sequence};
use crate::image::Image;
use crate::operation::Operation;
use crate::world::{empty_medium, store_at_rest};

fn assert_nothing_is_lost<'a>(sequences: impl Iterator<Item = Sequence<'a>>) {
    let explored: Vec<_> = sequences.map(|sequence| sequence.explore()).collect();
    assert!(explored.iter().any(|explored| explored.states > 0), "nothing was explored");
    let complaints = || explored.iter().flat_map(|explored| &explored.complaints);
    let found: Vec<&Complaint> = complaints().collect();
    assert!(found.is_empty(), "{}", in_words(complaints()));
}

fn assert_nothing_is_lost_after_a_kill(scene: &Image, operations: &[Operation]) {
    assert_nothing_is_lost(killed(on(scene, operations)));
}

#[test]
fn a_store_survives_in_folders_that_were_all_missing() {
    let scene = empty_medium();
    assert_nothing_is_lost(std::iter::once(on(&scene, &[Operation::CreateOther])));
}

#[test]
fn a_session_survives_in_a_store_whose_maker_died_before_its_entries_were_synced() {
    let operations = [Operation::CreateOther, Operation::Create];
    assert_nothing_is_lost_after_a_kill(&empty_medium(), &operations);
}

#[test]
fn an_append_survives_in_a_session_whose_maker_died_before_its_entry_was_synced() {
    let operations = [Operation::Create, Operation::Append];
    assert_nothing_is_lost_after_a_kill(&empty_medium(), &operations);
}

#[test]
fn an_append_survives_in_a_journal_whose_recoverer_died_before_its_entry_was_synced() {
    let operations = [Operation::Recover, Operation::Append];
    assert_nothing_is_lost_after_a_kill(&store_at_rest(), &operations);
}

#[test]
fn a_recovery_that_finds_nothing_to_do_makes_that_durable() {
    let operations = [Operation::Recover, Operation::Recover];
    assert_nothing_is_lost_after_a_kill(&store_at_rest(), &operations);
}

#[test]
fn a_key_that_is_found_in_a_record_which_nobody_synced_is_durable_once_it_is_answered() {
    let operations = [Operation::Retry, Operation::Retry];
    assert_nothing_is_lost_after_a_kill(&store_at_rest(), &operations);
}

#[test]
fn what_a_writer_had_not_synced_when_it_died_is_not_lost_from_under_the_next_append() {
    let operations = [Operation::Append, Operation::Append];
    assert_nothing_is_lost_after_a_kill(&store_at_rest(), &operations);
}

#[test]
fn a_tail_that_was_cut_and_not_synced_does_not_come_back_behind_the_next_append() {
    let operations = [Operation::Heal, Operation::Append];
    assert_nothing_is_lost_after_a_kill(&store_at_rest(), &operations);
}

#[test]
fn bytes_that_somebody_else_set_aside_are_durable_before_the_journal_is_cut() {
    let operations = [Operation::Heal, Operation::Heal];
    assert_nothing_is_lost_after_a_kill(&store_at_rest(), &operations);
}

#[test]
fn an_append_survives_in_a_journal_whose_compactor_died_before_its_entry_was_synced() {
    let operations = [Operation::Compact, Operation::Append];
    assert_nothing_is_lost_after_a_kill(&store_at_rest(), &operations);
}

#[test]
fn a_snapshot_does_not_come_back_after_the_data_it_speaks_of_were_removed() {
    let scene = store_at_rest();
    assert_nothing_is_lost(std::iter::once(on(&scene, &[Operation::Snapshot, Operation::Redact])));
}

#[test]
fn a_session_whose_purge_died_before_its_entry_was_synced_is_gone_or_whole_when_it_is_asked_for_again()
 {
    let operations = [Operation::Purge, Operation::Purge];
    assert_nothing_is_lost_after_a_kill(&store_at_rest(), &operations);
}
