//! The store of format 1, which every version of annals must go on reading.

use annals::vocabulary::{Finding, SessionId};
use annals::{format::layout::SessionPaths, journal::read_blob, vocabulary::BlobRef};

use crate::store::{copy_of_the_fixture, disk, opened, sessions, verified};

#[test]
fn the_store_of_format_1_verifies_without_a_finding() {
    let store = copy_of_the_fixture();

    for session in sessions(store.path()) {
        let folder = store.path().join("sessions").join(&session);
        let verification = verified(&folder, &session);
        assert_eq!(verification.findings, Vec::<Finding>::new(), "{session}");
        assert!(verification.records > 0, "{session}");
    }
}

#[test]
fn the_store_of_format_1_still_comes_to_the_same_states() {
    let store = copy_of_the_fixture();

    let states: Vec<_> = sessions(store.path())
        .iter()
        .map(|session| opened(store.path(), session).replay().projection.clone())
        .collect();

    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(concat!(env!("CARGO_MANIFEST_DIR"), "/snapshots"));
    settings.set_prepend_module_to_snapshot(false);
    settings.bind(|| insta::assert_json_snapshot!("format-1-states", states));
}

#[test]
fn a_state_is_the_same_from_the_snapshot_and_from_the_beginning() {
    let with = copy_of_the_fixture();
    let without = copy_of_the_fixture();
    std::fs::remove_file(without.path().join("sessions/every-kind/snapshot.json")).unwrap();

    let [with, without] =
        [with, without].map(|store| opened(store.path(), "every-kind").replay().clone());

    assert_eq!(with.projection, without.projection);
    assert_eq!(
        (with.seq, with.head, with.end_offset),
        (without.seq, without.head, without.end_offset)
    );
}

#[test]
fn the_long_text_of_format_1_is_still_read() {
    let store = copy_of_the_fixture();
    let session: SessionId = "every-kind".parse().unwrap();
    let text = "Long texts are kept beside the journal. ".repeat(2000);
    let digest = annals::vocabulary::Digest::of(text.as_bytes());
    let blob = BlobRef { digest, bytes: text.len() as u64 };

    let read = read_blob(&*disk(), &SessionPaths::new(store.path(), &session), &blob).unwrap();

    assert_eq!(read, text);
}
