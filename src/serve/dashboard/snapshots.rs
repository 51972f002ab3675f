//! Whole pages of a small store with a clock that stands still, as they were looked at.

use std::sync::Arc;
use std::time::Duration;

use maud::Markup;

use super::overview::Figures;
use super::session::Visit;
use super::{changes, findings, frame, overview, pages, search, session, sessions};
use crate::manager::{HealthStatus, SessionCounts, SessionHealth, SessionManager};
use crate::repository::{HeldLock, InMemoryRepository, Read};
use crate::serve::Change;
use crate::serve::history::{Sample, Window};
use crate::vocabulary::{
    Author, Clock, Finding, FindingClass, Holder, NewMessage, NewSession, Role, SessionFilter,
    SessionId, Timestamp,
};

const NOW: &str = "2026-11-22T13:45:04Z";

struct Standing;

impl Clock for Standing {
    fn now(&self) -> Timestamp {
        NOW.parse().unwrap()
    }
}

fn author() -> Author {
    Author {
        user: "ada".to_owned(),
        host: "engine".to_owned(),
        pid: 1843,
        program: "tests".to_owned(),
        version: "1.0.0".to_owned(),
    }
}

fn orchard() -> SessionId {
    "orchard".parse().unwrap()
}

async fn store() -> SessionManager<InMemoryRepository> {
    let clock = Arc::new(Standing);
    let repository = InMemoryRepository::with_clock(clock.clone());
    let manager = SessionManager::new(repository).with_author(author()).with_clock(clock);
    let name = Some("Orchard <plan>".parse().unwrap());
    let new =
        NewSession { name, cwd: Some("/home/ada/orchard".to_owned()), ..NewSession::default() };
    manager.create_session(Some(orchard()), new).await.unwrap();
    for (role, text) in
        [("user", "When do apple trees\nfreeze?"), ("assistant", "\u{1b}[1mBelow\u{202e} -2 °C.")]
    {
        let message = NewMessage::new(role.parse::<Role>().unwrap(), text);
        manager.record_message(&orchard(), message).await.unwrap();
    }
    manager.tag_session(&orchard(), "frost".parse().unwrap()).await.unwrap();
    manager
}

fn finding() -> Finding {
    Finding::new(&orchard(), FindingClass::Corrupt, "47 bytes verify as nothing")
        .at_seq(3)
        .at_offset(812)
}

async fn health(manager: &SessionManager<InMemoryRepository>) -> SessionHealth {
    let mut health = manager.health_check().await.unwrap();
    // Durations are of this machine.
    health.latency_ms = None;
    for check in &mut health.checks {
        if check.name == "corrupted_sessions" {
            (check.status, check.value) = (HealthStatus::Critical, Some(1.0));
        } else if check.name == "latency_p95_ms" {
            check.value = None;
        }
    }
    health.status = HealthStatus::Critical;
    health.corrupted_sessions = 1;
    health.findings = vec![finding()];
    health
}

fn sample(seconds_ago: i64, tenths: u64) -> Sample {
    let now: Timestamp = NOW.parse().unwrap();
    let appended = (tenths > 0).then_some(tenths * 100);
    Sample {
        at: now.saturating_add_micros(-seconds_ago * 1_000_000),
        over: Duration::from_secs(5),
        events_per_s: f64::from(u32::try_from(tenths).unwrap()) / 10.0,
        append_p50_us: appended,
        append_p95_us: appended.map(|micros| micros * 3),
        append_p99_us: appended.map(|micros| micros * 5),
        error_rate: Some(0.0),
        cache_hit_rate: Some(0.9),
        lock_wait_p95_us: appended,
        lock_timeouts: u64::from(tenths == 80),
        by_status: SessionCounts::default(),
    }
}

fn read_change(read: &Read) -> Option<Change> {
    let Read::Record(record) = read else { return None };
    let name = Some("Orchard <plan>".to_owned());
    Some(Change { session: orchard(), name, record: (**record).clone() })
}

async fn records(manager: &SessionManager<InMemoryRepository>) -> Vec<Read> {
    let (records, _) = manager.history(&orchard(), 1).await.unwrap().collect().await.unwrap();
    records.into_iter().map(|record| Read::Record(Box::new(record))).collect()
}

/// Compares markup, an element a line, with its snapshot.
fn assert_snapshot(name: &str, markup: &Markup) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../../../snapshots/dashboard");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    let text = markup.0.replace("><", ">\n<");
    settings.bind(|| insta::assert_snapshot!(name, text));
}

#[tokio::test]
async fn the_overview() {
    let manager = store().await;
    let health = health(&manager).await;
    let samples = [(20, 40), (15, 0), (10, 80), (5, 60), (0, 55)].map(|(ago, n)| sample(ago, n));
    let since = "2026-11-22T13:44:00Z".parse().unwrap();
    let locks = [HeldLock { session: orchard(), holder: Some(Holder { by: author(), since }) }];
    let changed: Vec<_> = records(&manager).await.iter().filter_map(read_change).collect();
    let shown = Figures {
        now: NOW.parse().unwrap(),
        window: Window::Minutes,
        samples: &samples,
        sessions: SessionCounts { active: Some(3), archived: Some(1), ..SessionCounts::default() },
        health: Some(&health),
        locks: &locks,
    };
    let body = overview::body(&shown, &changes::section(changed.iter().rev()));
    let page = frame::page(Some(frame::Tab::Overview), "Overview", Some(&health), &body);
    assert_snapshot("overview", &page);
}

#[tokio::test]
async fn the_list_of_sessions() {
    let manager = store().await;
    let listing = manager.list(&SessionFilter::default()).await.unwrap();
    let asked = sessions::Asked { q: "\"><script>".to_owned(), ..sessions::Asked::default() };
    let findings = vec![finding()];
    let shown = sessions::Shown {
        sessions: listing.sessions,
        has_more: true,
        findings,
        ..sessions::Shown::default()
    };
    assert_snapshot("sessions", &sessions::body(&asked, &shown, NOW.parse().unwrap()));
}

#[tokio::test]
async fn a_session_with_damage_in_its_place() {
    let manager = store().await;
    let state = manager.get_session(&orchard()).await.unwrap();
    let mut read = records(&manager).await;
    read.remove(2);
    read.insert(2, Read::Damage(finding()));
    let visit = Visit { state: &state, last: 9, first: 1, read: &read, now: NOW.parse().unwrap() };
    assert_snapshot("session", &session::body(&visit));
}

#[tokio::test]
async fn findings_and_what_a_search_found() {
    let manager = store().await;
    assert_snapshot("findings", &findings::body(Some(&health(&manager).await)));
    let read = records(&manager).await;
    let wanted = search::lowercase("APPLE");
    let hits = read.iter().filter_map(|read| {
        let Read::Record(record) = read else { return None };
        let message = pages::message_of(read)?;
        let excerpt = search::find(message.text.as_deref()?, &wanted)?;
        let role = message.role.as_str().to_owned();
        let title = "Orchard".to_owned();
        Some(search::Hit {
            session: orchard(),
            title,
            seq: record.seq,
            at: record.at,
            role,
            excerpt,
        })
    });
    let (hits, searched) = (hits.collect(), 1);
    let results = search::Results { hits, searched, stopped: true, shortened: false };
    assert_eq!(results.hits.len(), 1);
    assert_snapshot("search", &search::body("APPLE", Some(&results)));
}
