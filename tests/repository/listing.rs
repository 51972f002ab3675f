//! Which sessions are listed, and in what order.

use annals::repository::SessionRepository;
use annals::vocabulary::{
    Command, NewSession, SessionFilter, SessionId, SessionStatus, SortKey, Timestamp,
};

use super::support::{START, id};
use super::{Place, rename};

async fn listed<R: SessionRepository>(place: &Place<R>, filter: &SessionFilter) -> Vec<String> {
    let listing = place.repository.list(filter).await.unwrap();
    assert_eq!((listing.findings.len(), listing.unreadable.len()), (0, 0));
    let stream = place.repository.sessions(filter).await.unwrap();
    assert_eq!(stream.collect().await.unwrap().sessions, listing.sessions);
    listing.sessions.iter().map(|session| session.id.to_string()).collect()
}

/// Sessions made one second after the other.
async fn create_all<R: SessionRepository>(place: &Place<R>, names: &[&str]) -> Vec<SessionId> {
    let mut sessions = Vec::new();
    for name in names {
        sessions.push(place.create(name).await);
        place.clock.advance_ms(1000);
    }
    sessions
}

fn after_start(ms: i64) -> Timestamp {
    START.parse::<Timestamp>().unwrap().saturating_add_micros(ms * 1000)
}

pub async fn a_listing_holds_every_session_that_is_not_deleted<R: SessionRepository>(
    place: Place<R>,
) {
    let sessions = create_all(&place, &["active", "background", "archived", "deleted"]).await;
    place.make(&sessions[1], Command::Background).await;
    place.make(&sessions[2], Command::Archive).await;
    place.make(&sessions[3], Command::Delete).await;

    let all = listed(&place, &SessionFilter::default()).await;
    assert_eq!(all, ["archived", "background", "active"]);
    assert_eq!(listed(&place, &SessionFilter::everything()).await.len(), 4);
    for status in SessionStatus::ALL {
        let only = listed(&place, &SessionFilter::with_status(status)).await;
        assert_eq!(only, [status.as_str()]);
    }
}

pub async fn the_newest_activity_comes_first_and_the_limit_cuts_the_rest<R: SessionRepository>(
    place: Place<R>,
) {
    let sessions = create_all(&place, &["a", "b", "c"]).await;
    place.say(&sessions[0], "awake again").await;
    assert_eq!(listed(&place, &SessionFilter::default()).await, ["a", "c", "b"]);
    let newest = SessionFilter { limit: Some(2), ..SessionFilter::default() };
    assert_eq!(listed(&place, &newest).await, ["a", "c"]);
    let none = SessionFilter { limit: Some(0), ..SessionFilter::default() };
    assert_eq!(listed(&place, &none).await.len(), 0);
}

pub async fn a_listing_is_sorted_as_asked<R: SessionRepository>(place: Place<R>) {
    let sessions = create_all(&place, &["a", "b", "c", "d"]).await;
    place.make(&sessions[0], rename("zebra")).await;
    place.make(&sessions[2], rename("apple")).await;
    place.say(&sessions[1], "one").await;
    let by = |sort| SessionFilter { sort, ..SessionFilter::default() };
    assert_eq!(listed(&place, &by(SortKey::Created)).await, ["d", "c", "b", "a"]);
    assert_eq!(listed(&place, &by(SortKey::Name)).await, ["c", "a", "b", "d"]);
    assert_eq!(listed(&place, &by(SortKey::Messages)).await, ["b", "a", "c", "d"]);
}

pub async fn a_filter_asks_for_all_of_its_conditions<R: SessionRepository>(place: Place<R>) {
    for (name, cwd, tags) in [
        ("both", "/work", &["red", "blue"][..]),
        ("red", "/work", &["red"][..]),
        ("elsewhere", "/home", &["red", "blue"][..]),
    ] {
        let new = NewSession { cwd: Some(cwd.to_owned()), ..NewSession::default() };
        place.make(&id(name), Command::Create(new)).await;
        for tag in tags {
            place.make(&id(name), Command::Tag(tag.parse().unwrap())).await;
        }
        place.clock.advance_ms(1000);
    }
    let tags = vec!["red".parse().unwrap(), "blue".parse().unwrap()];
    let tagged = SessionFilter { tags, ..SessionFilter::default() };
    assert_eq!(listed(&place, &tagged).await, ["elsewhere", "both"]);
    let here = SessionFilter { cwd: Some("/work".to_owned()), ..tagged };
    assert_eq!(listed(&place, &here).await, ["both"]);

    let since = SessionFilter { since: Some(after_start(1000)), ..SessionFilter::default() };
    assert_eq!(listed(&place, &since).await, ["elsewhere", "red"]);
    let between = SessionFilter { until: Some(after_start(1000)), ..since };
    assert_eq!(listed(&place, &between).await, ["red"]);
}

pub async fn a_search_looks_into_names_messages_and_tags_whatever_the_case<R: SessionRepository>(
    place: Place<R>,
) {
    let sessions = create_all(&place, &["named", "spoken", "tagged", "other"]).await;
    place.make(&sessions[0], rename("The Ärmel question")).await;
    place.say(&sessions[1], "about the äRMEL").await;
    place.make(&sessions[2], Command::Tag("ärmel-3".parse().unwrap())).await;
    let search = Some("ÄRMEL".to_owned());
    let found = SessionFilter { search, sort: SortKey::Created, ..SessionFilter::default() };
    assert_eq!(listed(&place, &found).await, ["tagged", "spoken", "named"]);
}

pub async fn a_name_and_the_beginning_of_an_id_are_found_exactly<R: SessionRepository>(
    place: Place<R>,
) {
    let sessions = create_all(&place, &["abc-1", "abc-2", "abd-3", "c"]).await;
    place.make(&sessions[0], rename("say \"\u{e4}\"")).await;
    place.make(&sessions[1], rename("say \"\u{e4}\" again")).await;
    place.say(&sessions[3], "say \"\u{e4}\"").await;
    place.make(&sessions[2], Command::Delete).await;
    let named =
        |name: &str| SessionFilter { name: Some(name.to_owned()), ..SessionFilter::everything() };
    assert_eq!(listed(&place, &named("say \"\u{e4}\"")).await, ["abc-1"]);
    assert_eq!(listed(&place, &named("say")).await.len(), 0);
    let begins = |prefix: &str| SessionFilter {
        id_prefix: Some(prefix.to_owned()),
        ..SessionFilter::everything()
    };
    assert_eq!(listed(&place, &begins("ab")).await, ["abd-3", "abc-2", "abc-1"]);
    assert_eq!(listed(&place, &begins("abc-")).await, ["abc-2", "abc-1"]);
    assert_eq!(listed(&place, &begins("abx")).await.len(), 0);
}

pub async fn a_stream_of_sessions_that_is_dropped_half_way_harms_nothing<R: SessionRepository>(
    place: Place<R>,
) {
    create_all(&place, &["a", "b", "c"]).await;
    for _ in 0..3 {
        let mut stream = place.repository.sessions(&SessionFilter::everything()).await.unwrap();
        stream.next().await.unwrap().unwrap();
    }
    assert_eq!(listed(&place, &SessionFilter::everything()).await, ["c", "b", "a"]);
}

pub async fn an_empty_store_lists_nothing<R: SessionRepository>(place: Place<R>) {
    assert_eq!(listed(&place, &SessionFilter::everything()).await.len(), 0);
    assert_eq!(place.repository.ids().await.unwrap(), []);
    assert_eq!(place.repository.locks().await.unwrap(), []);
}

pub async fn ids_are_those_of_all_sessions_whatever_their_status<R: SessionRepository>(
    place: Place<R>,
) {
    let sessions = create_all(&place, &["a", "b", "c"]).await;
    place.make(&sessions[1], Command::Delete).await;
    let mut ids = place.repository.ids().await.unwrap();
    ids.sort();
    assert_eq!(ids, sessions);
}
