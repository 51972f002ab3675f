//! What operations make of a session.

use annals::manager::{ChangeOptions, SessionError};
use annals::repository::RepositoryError;
use annals::vocabulary::{
    Command, Entry, ExpectedSeq, FieldName, FileRecorded, NewSession, Outcome, SessionStatus, Tag,
};

use super::support::{author, id};
use super::{create, hello, manager, named};

#[tokio::test]
async fn each_operation_answers_with_the_state_after_it() {
    let (manager, _) = manager();
    let session = create(&manager, "s-1").await;
    let (tag, field): (Tag, FieldName) = ("red".parse().unwrap(), "team".parse().unwrap());
    let file = FileRecorded { path: "a.rs".to_owned(), action: None, occurred: None };

    assert_eq!(manager.name_session(&session, "a").await.unwrap().name, Some(named("a")));
    assert_eq!(manager.record_message(&session, hello()).await.unwrap().message_count, 1);
    assert_eq!(manager.record_file(&session, file).await.unwrap().file_count, 1);
    let background = manager.background_session(&session).await.unwrap();
    assert_eq!(background.status, SessionStatus::Background);
    let active = manager.activate_session(&session).await.unwrap();
    assert_eq!(active.status, SessionStatus::Active);
    let archived = manager.archive_session(&session).await.unwrap();
    assert_eq!(archived.status, SessionStatus::Archived);
    let restored = manager.restore_session(&session).await.unwrap();
    assert_eq!(restored.status, SessionStatus::Active);
    let tagged = manager.tag_session(&session, tag.clone()).await.unwrap();
    assert!(tagged.tags.contains(&tag));
    let untagged = manager.untag_session(&session, tag.clone()).await.unwrap();
    assert!(untagged.tags.is_empty());
    assert!(manager.undo(&session).await.unwrap().tags.contains(&tag));
    let set = manager.set_field(&session, field.clone(), 3.into()).await.unwrap();
    assert_eq!(set.fields[&field], 3);
    assert!(manager.clear_field(&session, field).await.unwrap().fields.is_empty());
    let moved = manager.relocate_session(&session, Some("/home".to_owned())).await.unwrap();
    assert_eq!(moved.cwd.as_deref(), Some("/home"));
    let deleted = manager.delete_session(&session).await.unwrap();
    assert_eq!((deleted.status, deleted.seq), (SessionStatus::Deleted, 15));
    assert_eq!(manager.get_session(&session).await.unwrap(), deleted);
}

#[tokio::test]
async fn a_session_without_an_id_gets_one_of_its_own() {
    let (manager, _) = manager();
    let first = manager.create_session(None, NewSession::default()).await.unwrap();
    let second = manager.create_session(None, NewSession::default()).await.unwrap();
    assert_ne!(first.id, second.id);
    assert_eq!(manager.session_ids().await.unwrap().len(), 2);
}

#[tokio::test]
async fn every_change_is_signed_by_the_author() {
    let (manager, _) = manager();
    let session = create(&manager, "signed").await;
    manager.archive_session(&session).await.unwrap();
    let (records, _) = manager.history(&session, 1).await.unwrap().collect().await.unwrap();
    assert!(records.iter().all(|record| record.by == author()));
    assert_eq!(records.len(), 2);
}

#[tokio::test]
async fn a_change_is_held_to_its_condition_and_made_once_for_its_key() {
    let (manager, _) = manager();
    let session = create(&manager, "careful").await;
    let options = || ChangeOptions {
        expected: ExpectedSeq::Exactly(1),
        key: Some("turn-1".parse().unwrap()),
    };
    let speak = || Command::RecordMessage(hello());
    let changed = manager.change(&session, speak(), options()).await.unwrap();
    assert_eq!(changed.outcome, Outcome::Recorded { first_seq: 2, last_seq: 2 });
    assert_eq!(changed.state.seq, 2);
    let again = manager.change(&session, speak(), options()).await.unwrap();
    assert_eq!((again.outcome, again.state.seq), (Outcome::Repeated { seq: 2 }, 2));

    let late = ChangeOptions { expected: ExpectedSeq::Exactly(1), key: None };
    let conflict = manager.change(&session, speak(), late).await.unwrap_err();
    assert_eq!((conflict.kind(), conflict.session()), ("conflict", Some(&session)));
    let so_already = manager.change(&session, Command::Activate, ChangeOptions::default()).await;
    assert_eq!(so_already.unwrap().outcome, Outcome::Unchanged);
}

#[tokio::test]
async fn several_changes_are_made_together_or_not_at_all() {
    let (manager, _) = manager();
    let session = create(&manager, "together").await;
    let entries = |commands: Vec<Command>| {
        commands.into_iter().map(|command| Entry { command, key: None }).collect()
    };
    let impossible = vec![Command::Archive, Command::RecordMessage(hello())];
    let refused = manager.append(&session, ExpectedSeq::Any, entries(impossible)).await;
    assert_eq!(refused.unwrap_err().kind(), "refused");
    let possible = vec![Command::RecordMessage(hello()), Command::Archive];
    let appended = manager.append(&session, ExpectedSeq::Any, entries(possible)).await.unwrap();
    assert_eq!((appended.state.seq, appended.outcomes.len()), (3, 2));
}

#[tokio::test]
async fn a_text_that_cannot_be_a_name_changes_nothing() {
    let (manager, _) = manager();
    let session = create(&manager, "nameless").await;
    for name in ["", "   ", "a\nb", "\u{1b}[31mred", &"x".repeat(101)] {
        let error = manager.name_session(&session, name).await.unwrap_err();
        assert!(matches!(error, SessionError::InvalidLabel(_)), "{name:?}");
        assert_eq!(error.kind(), "invalid-input");
    }
    assert_eq!(manager.get_session(&session).await.unwrap().seq, 1);
}

#[tokio::test]
async fn a_fork_takes_over_the_state_and_anchors_the_history_of_its_parent() {
    let (manager, _) = manager();
    let parent = create(&manager, "parent").await;
    manager.name_session(&parent, "a plan").await.unwrap();
    manager.record_message(&parent, hello()).await.unwrap();
    let head = manager.head(&parent).await.unwrap();

    let child = manager.fork_session(&parent, Some(id("child")), None).await.unwrap();
    assert_eq!((&child.parent, child.seq), (&Some(parent.clone()), 1));
    assert_eq!((child.name, child.message_count), (Some(named("a plan")), 1));
    let (records, _) = manager.history(&id("child"), 1).await.unwrap().collect().await.unwrap();
    let Ok(Some(annals::vocabulary::Event::Forked(forked))) = records[0].event() else {
        panic!("a fork begins with its fork");
    };
    assert_eq!((forked.at_seq, forked.head), (head.seq, head.head));

    let taken = manager.fork_session(&parent, Some(id("child")), None).await.unwrap_err();
    assert!(matches!(taken, SessionError::Repository(RepositoryError::Conflict { .. })));
    let other = manager.fork_session(&parent, None, Some(named("plan B"))).await.unwrap();
    assert_eq!(other.name, Some(named("plan B")));
    manager.record_message(&other.id, hello()).await.unwrap();
    assert_eq!(manager.get_session(&parent).await.unwrap().message_count, 1);
}

#[tokio::test]
async fn a_purged_session_is_gone() {
    let (manager, _) = manager();
    let session = create(&manager, "gone").await;
    manager.purge_session(&session).await.unwrap();
    assert!(!manager.exists(&session).await.unwrap());
    assert_eq!(manager.restore_session(&session).await.unwrap_err().kind(), "not-found");
}
