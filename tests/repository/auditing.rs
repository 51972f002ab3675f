//! Verifying, recovering, deleting.

use annals::repository::{Depth, Repair, RepositoryError, SessionRepository};
use annals::vocabulary::{BlobRef, Command, Digest, FindingClass, Link, NewSession, SessionId};

use tokio::time::timeout;

use super::support::{author, id};
use super::{PATIENCE, Place, rename};

async fn sound_session<R: SessionRepository>(place: &Place<R>) -> SessionId {
    let session = place.create("sound").await;
    place.say(&session, &"a long text ".repeat(10_000)).await;
    place.make(&session, rename("sound")).await;
    place.make(&session, Command::Undo).await;
    session
}

async fn links<R: SessionRepository>(place: &Place<R>, session: &SessionId) -> Vec<Link> {
    place.records(session, 1).await.iter().map(|record| record.link).collect()
}

fn anchored_at(seq: u64, link: Link) -> Depth {
    Depth { anchors: vec![(seq, link)], ..Depth::default() }
}

pub async fn a_sound_session_verifies_without_findings<R: SessionRepository>(place: Place<R>) {
    let session = sound_session(&place).await;
    for quick in [false, true] {
        let depth = Depth { quick, ..Depth::default() };
        let verification = place.repository.verify(&session, &depth).await.unwrap();
        assert_eq!(verification.findings, []);
        assert_eq!((verification.records, verification.anchored), (4, 0));
        assert!(verification.bytes > 0);
    }
}

pub async fn an_anchor_that_agrees_proves_the_history_below_it<R: SessionRepository>(
    place: Place<R>,
) {
    let session = sound_session(&place).await;
    let links = links(&place, &session).await;
    let depth = Depth { anchors: vec![(3, links[2]), (2, links[1])], ..Depth::default() };
    let verification = place.repository.verify(&session, &depth).await.unwrap();
    assert_eq!((verification.findings, verification.anchored), (vec![], 3));
}

pub async fn an_anchor_that_disagrees_is_a_broken_chain<R: SessionRepository>(place: Place<R>) {
    let session = sound_session(&place).await;
    let links = links(&place, &session).await;
    let depth = anchored_at(3, links[1]);
    let verification = place.repository.verify(&session, &depth).await.unwrap();
    let classes: Vec<_> = verification.findings.iter().map(|finding| finding.class).collect();
    assert_eq!(classes, [FindingClass::ChainBreak]);
    assert_eq!(verification.anchored, 0);
    assert!(verification.is_corrupted());
}

pub async fn an_anchor_beyond_the_end_is_a_truncation<R: SessionRepository>(place: Place<R>) {
    let session = sound_session(&place).await;
    let depth = anchored_at(5, Digest::of(b"a head that was"));
    let verification = place.repository.verify(&session, &depth).await.unwrap();
    let classes: Vec<_> = verification.findings.iter().map(|finding| finding.class).collect();
    assert_eq!(classes, [FindingClass::Truncated]);
}

pub async fn recovering_a_sound_session_changes_nothing<R: SessionRepository>(place: Place<R>) {
    let session = sound_session(&place).await;
    let before = place.repository.load(&session).await.unwrap();
    for repair in [Repair::Plan, Repair::Apply, Repair::Apply] {
        let recovery = place.repository.recover(&session, repair, &author()).await.unwrap();
        assert!(!recovery.changed);
        assert_eq!(recovery.records_kept, 4);
        assert_eq!((recovery.lost.len(), recovery.quarantined.len()), (0, 0));
    }
    let after = place.repository.load(&session).await.unwrap();
    assert_eq!((after.state, after.head), (before.state, before.head));
}

pub async fn a_deleted_session_is_gone_for_good<R: SessionRepository>(place: Place<R>) {
    let session = place.create("gone").await;
    let other = place.create("other").await;
    place.repository.delete(&session).await.unwrap();
    let load = place.repository.load(&session).await;
    assert!(matches!(load, Err(RepositoryError::NotFound { .. })));
    let again = place.repository.delete(&session).await;
    assert!(matches!(again, Err(RepositoryError::NotFound { .. })));
    assert_eq!(place.repository.ids().await.unwrap(), [other]);
}

pub async fn a_session_made_again_begins_anew<R: SessionRepository>(place: Place<R>) {
    let session = sound_session(&place).await;
    let head = place.repository.load(&session).await.unwrap().head;
    place.repository.delete(&session).await.unwrap();
    let appended = place.make(&session, Command::Create(NewSession::default())).await;
    assert_eq!((appended.state.seq, appended.state.message_count), (1, 0));
    let loaded = place.repository.load(&session).await.unwrap();
    assert_eq!(loaded.state, appended.state);
    assert_ne!(loaded.head, head);
}

pub async fn nobody_holds_a_lock_when_nobody_writes<R: SessionRepository>(place: Place<R>) {
    sound_session(&place).await;
    // An append is acknowledged a moment before its lock is free.
    let freed = async {
        while !place.repository.locks().await.unwrap().is_empty() {
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, freed).await.expect("the lock is freed after the append");
}

pub async fn every_call_about_an_unknown_session_says_not_found<R: SessionRepository>(
    place: Place<R>,
) {
    place.create("known").await;
    let (ghost, repository) = (id("ghost"), &place.repository);
    let blob = BlobRef { digest: Digest::ZERO, bytes: 1 };
    let answers = [
        repository.load(&ghost).await.map(drop),
        repository.version(&ghost).await.map(drop),
        repository.records(&ghost, 1).await.map(drop),
        repository.text(&ghost, &blob).await.map(drop),
        repository.changed(&ghost, 0).await.map(drop),
        repository.verify(&ghost, &Depth::default()).await.map(drop),
        repository.recover(&ghost, Repair::Apply, &author()).await.map(drop),
        repository.delete(&ghost).await,
    ];
    for answer in answers {
        assert!(
            matches!(&answer, Err(RepositoryError::NotFound { session }) if *session == ghost),
            "{answer:?}"
        );
    }
    assert_eq!(repository.ids().await.unwrap(), [id("known")]);
}
