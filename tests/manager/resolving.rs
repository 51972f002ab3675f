//! Sessions by what people call them.

use annals::manager::SessionError;

use super::support::id;
use super::{create, hello, manager};

#[tokio::test]
async fn a_session_is_found_by_its_full_id() {
    let (manager, _) = manager();
    for name in ["a", "abcd", "abcd-2"] {
        create(&manager, name).await;
    }
    assert_eq!(manager.resolve("a").await.unwrap(), id("a"));
    // It is also the beginning of another id.
    assert_eq!(manager.resolve("abcd").await.unwrap(), id("abcd"));
}

#[tokio::test]
async fn a_session_is_found_by_its_exact_name() {
    let (manager, _) = manager();
    create(&manager, "s-1").await;
    create(&manager, "s-2").await;
    manager.name_session(&id("s-1"), "Plan B").await.unwrap();
    manager.name_session(&id("s-2"), "Plan B, revised").await.unwrap();
    assert_eq!(manager.resolve("Plan B").await.unwrap(), id("s-1"));
    let other_case = manager.resolve("plan b").await.unwrap_err();
    assert!(matches!(other_case, SessionError::NoMatch { selector } if selector == "plan b"));
}

#[tokio::test]
async fn an_id_comes_before_a_name_and_a_name_before_the_beginning_of_an_id() {
    let (manager, _) = manager();
    for name in ["session-1", "session-2", "sess"] {
        create(&manager, name).await;
    }
    manager.name_session(&id("session-1"), "sess").await.unwrap();
    assert_eq!(manager.resolve("sess").await.unwrap(), id("sess"));
    manager.purge_session(&id("sess")).await.unwrap();
    assert_eq!(manager.resolve("sess").await.unwrap(), id("session-1"));
}

#[tokio::test]
async fn a_session_is_found_by_four_characters_of_its_id() {
    let (manager, _) = manager();
    create(&manager, "abcdef").await;
    create(&manager, "abxyz").await;
    assert_eq!(manager.resolve("abcd").await.unwrap(), id("abcdef"));
    let short = manager.resolve("abc").await.unwrap_err();
    assert!(matches!(&short, SessionError::SelectorTooShort { selector } if selector == "abc"));
    assert_eq!(short.kind(), "invalid-input");
    let none = manager.resolve("abcx").await.unwrap_err();
    assert_eq!(none.kind(), "not-found");
}

#[tokio::test]
async fn several_sessions_of_one_name_are_ambiguous() {
    let (manager, _) = manager();
    for name in ["s-2", "s-1", "s-3"] {
        create(&manager, name).await;
        manager.name_session(&id(name), "twin").await.unwrap();
    }
    manager.delete_session(&id("s-3")).await.unwrap();
    let Err(SessionError::Ambiguous { selector, candidates }) = manager.resolve("twin").await
    else {
        panic!("two sessions have this name");
    };
    assert_eq!(selector, "twin");
    assert_eq!(candidates, [id("s-1"), id("s-2")]);
}

#[tokio::test]
async fn a_deleted_session_gives_its_name_away_but_keeps_it_otherwise() {
    let (manager, _) = manager();
    for name in ["old-1", "new-1"] {
        create(&manager, name).await;
        manager.name_session(&id(name), "report").await.unwrap();
    }
    manager.delete_session(&id("old-1")).await.unwrap();
    assert_eq!(manager.resolve("report").await.unwrap(), id("new-1"));
    manager.purge_session(&id("new-1")).await.unwrap();
    assert_eq!(manager.resolve("report").await.unwrap(), id("old-1"));
}

#[tokio::test]
async fn candidates_are_sorted_and_not_more_than_twenty() {
    let (manager, _) = manager();
    for n in (10..40).rev() {
        create(&manager, &format!("many-{n}")).await;
    }
    let error = manager.resolve("many").await.unwrap_err();
    assert_eq!(error.kind(), "ambiguous");
    let SessionError::Ambiguous { candidates, .. } = error else { panic!("thirty fit") };
    let expected: Vec<_> = (10..30).map(|n| id(&format!("many-{n}"))).collect();
    assert_eq!(candidates, expected);
}

#[tokio::test]
async fn the_last_session_is_the_one_active_last_and_not_deleted() {
    let (manager, clock) = manager();
    assert_eq!(manager.resolve("@last").await.unwrap_err().kind(), "not-found");
    for name in ["a", "b", "c"] {
        create(&manager, name).await;
        clock.advance_ms(1000);
    }
    assert_eq!(manager.resolve("@last").await.unwrap(), id("c"));
    manager.record_message(&id("a"), hello()).await.unwrap();
    assert_eq!(manager.resolve("@last").await.unwrap(), id("a"));
    manager.delete_session(&id("a")).await.unwrap();
    assert_eq!(manager.resolve("@last").await.unwrap(), id("c"));
}

#[tokio::test]
async fn what_cannot_be_an_id_or_a_name_is_no_match() {
    let (manager, _) = manager();
    create(&manager, "present").await;
    for selector in ["../../etc", "pres*", "no such name"] {
        assert_eq!(manager.resolve(selector).await.unwrap_err().kind(), "not-found", "{selector}");
    }
    for selector in ["", "..", "\0"] {
        assert_eq!(manager.resolve(selector).await.unwrap_err().kind(), "invalid-input");
    }
}
