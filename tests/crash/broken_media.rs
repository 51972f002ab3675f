//! The enumeration can fail: on media that forget a sync it finds what is lost.

use std::path::Path;

use annals::disk::DiskOperation;
use annals::vocabulary::FindingClass;

use crate::every_state::on;
use crate::exploring::{Between, Complaint, Sequence};
use crate::image::Image;
use crate::interception::Intercepted;
use crate::operation::Operation;
use crate::oracle::Objection;
use crate::world::{empty_medium, store_at_rest};

/// What is found of one acknowledged operation.
fn complaints(scene: &Image, operation: Operation, between: Between) -> Vec<Complaint> {
    let operations = [operation];
    let sequence = Sequence { between, goes_on_every: usize::MAX, ..on(scene, &operations) };
    let mut complaints = sequence.explore().complaints;
    complaints.retain(|complaint| complaint.acknowledged);
    complaints
}

fn assert_found(complaints: &[Complaint], is_expected: impl Fn(&Objection) -> bool) {
    let found = complaints.iter().any(|complaint| is_expected(&complaint.objection));
    assert!(found, "{complaints:?}");
}

fn is_named(path: &Path, name: &str) -> bool {
    path.file_name().is_some_and(|last| last == name)
}

#[test]
fn a_medium_that_forgets_the_sync_of_a_journal_is_found_to_lose_records() {
    let found = complaints(&store_at_rest(), Operation::Append, |disk| {
        Intercepted::forgetting(disk, |operation, _| operation == DiskOperation::SyncData)
    });

    assert_found(&found, |objection| matches!(objection, Objection::Lost { .. }));
}

#[test]
fn a_medium_that_forgets_the_sync_of_folders_is_found_to_lose_a_session() {
    let found = complaints(&empty_medium(), Operation::CreateOther, |disk| {
        Intercepted::forgetting(disk, |operation, _| operation == DiskOperation::SyncDir)
    });

    assert_found(&found, |objection| *objection == Objection::Gone);
}

#[test]
fn a_medium_that_forgets_the_folder_of_sessions_is_found_to_bring_a_removed_one_back() {
    let found = complaints(&store_at_rest(), Operation::Purge, |disk| {
        Intercepted::forgetting(disk, |_, path| is_named(path, "sessions"))
    });

    assert_found(&found, |objection| *objection == Objection::Back);
}

#[test]
fn a_medium_that_forgets_the_sync_of_a_rewritten_journal_is_found_to_lose_its_records() {
    for operation in [Operation::Recover, Operation::Compact, Operation::Redact] {
        let found = complaints(&store_at_rest(), operation, |disk| {
            Intercepted::forgetting(disk, |_, path| is_named(path, "journal.jsonl.new"))
        });

        assert!(!found.is_empty(), "{operation:?}");
    }
}

#[test]
fn a_medium_that_forgets_the_quarantine_is_found_to_lose_what_was_set_aside() {
    let found = complaints(&store_at_rest(), Operation::Heal, |disk| {
        Intercepted::forgetting(disk, |_, path| is_named(path, "quarantine"))
    });

    assert_found(&found, |objection| matches!(objection, Objection::Dishonest(_)));
}

#[test]
fn a_medium_that_forgets_long_texts_is_found_to_lose_them() {
    let found = complaints(&store_at_rest(), Operation::LongText, |disk| {
        Intercepted::forgetting(disk, |operation, path| {
            operation == DiskOperation::SyncData && path.to_string_lossy().contains("/blobs/")
        })
    });

    assert_found(&found, |objection| {
        *objection == Objection::Wrong(vec![FindingClass::MissingBlob])
    });
}

#[test]
fn a_medium_that_forgets_the_removal_of_data_is_found_to_keep_them() {
    let found = complaints(&store_at_rest(), Operation::Redact, |disk| {
        Intercepted::forgetting(disk, |_, path| is_named(path, "pear"))
    });

    assert_found(&found, |objection| matches!(objection, Objection::NotRemoved(_)));
}
