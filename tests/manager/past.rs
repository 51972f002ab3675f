//! States of the past.

use annals::manager::{Moment, SessionError};
use annals::vocabulary::Timestamp;

use super::support::{START, id};
use super::{create, hello, manager};

fn after_start(ms: i64) -> Moment {
    Moment::Time(START.parse::<Timestamp>().unwrap().saturating_add_micros(ms * 1000))
}

#[tokio::test]
async fn a_state_is_as_it_was_right_after_a_record() {
    let (manager, _) = manager();
    let session = create(&manager, "s-1").await;
    let named = manager.name_session(&session, "before").await.unwrap();
    let spoken = manager.record_message(&session, hello()).await.unwrap();
    manager.name_session(&session, "after").await.unwrap();

    assert_eq!(manager.state_at(&session, Moment::Seq(1)).await.unwrap().name, None);
    assert_eq!(manager.state_at(&session, Moment::Seq(2)).await.unwrap(), named);
    assert_eq!(manager.state_at(&session, Moment::Seq(3)).await.unwrap(), spoken);
    let now = manager.get_session(&session).await.unwrap();
    assert_eq!(manager.state_at(&session, Moment::Seq(4)).await.unwrap(), now);
}

#[tokio::test]
async fn a_state_is_as_it_was_at_a_time() {
    let (manager, clock) = manager();
    let session = create(&manager, "s-1").await;
    clock.advance_ms(1000);
    manager.name_session(&session, "a name").await.unwrap();
    manager.archive_session(&session).await.unwrap();

    for (ms, seq) in [(0, 1), (999, 1), (1000, 3), (1_000_000, 3)] {
        let state = manager.state_at(&session, after_start(ms)).await.unwrap();
        assert_eq!(state.seq, seq, "after {ms} ms");
    }
}

#[tokio::test]
async fn there_is_no_state_outside_the_history() {
    let (manager, _) = manager();
    let session = create(&manager, "s-1").await;
    for moment in [Moment::Seq(0), Moment::Seq(2), Moment::Seq(u64::MAX), after_start(-1)] {
        let error = manager.state_at(&session, moment).await.unwrap_err();
        let SessionError::NoSuchMoment { session: of, moment: asked, last } = &error else {
            panic!("there is no state at {moment}: {error}");
        };
        assert_eq!((of, *asked, *last), (&id("s-1"), moment, 1));
        assert!(error.hint().contains("annals log s-1"));
    }
}
