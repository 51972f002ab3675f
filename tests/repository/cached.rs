//! What the cache saves, and what it never does to save it.

use std::sync::Arc;
use std::time::Duration;

use annals::repository::{
    CacheOptions, CacheStatistics, CachedRepository, InMemoryRepository, RepositoryError,
    SessionRepository,
};
use annals::vocabulary::{Append, Command, ExpectedSeq, NewSession, SessionId};

use super::counting::Counting;
use super::support::{TestClock, author, id};
use super::{Place, message, plain};

const MINUTE: Duration = Duration::from_secs(60);

type Cached = Place<CachedRepository<Counting>>;

fn cached(options: CacheOptions) -> Cached {
    of(|inner| inner, options)
}

fn of(prepare: impl FnOnce(Counting) -> Counting, options: CacheOptions) -> Cached {
    let clock = TestClock::new();
    let inner = InMemoryRepository::with_clock(Arc::clone(&clock) as _);
    let repository = CachedRepository::new(prepare(Counting::new(inner)), options)
        .with_clock(Arc::clone(&clock) as _);
    Place { repository: Arc::new(repository), clock }
}

fn validated() -> Cached {
    cached(CacheOptions::default())
}

fn believed_for_a_minute() -> Cached {
    cached(CacheOptions { ttl: Some(MINUTE), ..CacheOptions::default() })
}

impl Cached {
    /// What somebody else does to the store.
    async fn behind_its_back(&self, session: &SessionId, text: &str) {
        let append = Append::one(message(text), author());
        self.repository.inner().append(session, append).await.unwrap();
    }

    fn statistics(&self) -> CacheStatistics {
        self.repository.cache_statistics()
    }
}

#[tokio::test]
async fn a_hit_asks_for_the_version_and_reads_nothing_else() {
    let place = validated();
    let session = place.create("hot").await;
    for _ in 0..5 {
        assert_eq!(place.seq(&session).await, 1);
    }
    assert_eq!(place.repository.inner().loads(), 1);
    assert_eq!(place.repository.inner().versions(), 5);
    let expected = CacheStatistics { hits: 4, misses: 1, stale: 0, evicted: 0 };
    assert_eq!(place.statistics(), expected);
    assert_eq!(place.statistics().hit_rate(), Some(0.8));
}

#[tokio::test]
async fn within_its_time_to_live_a_hit_asks_nothing() {
    let place = believed_for_a_minute();
    let session = place.create("hot").await;
    for _ in 0..5 {
        place.seq(&session).await;
    }
    assert_eq!((place.repository.inner().loads(), place.repository.inner().versions()), (1, 1));
}

#[tokio::test]
async fn a_write_through_the_cache_is_seen_at_once() {
    for place in [validated(), believed_for_a_minute()] {
        let session = place.create("written").await;
        assert_eq!(place.seq(&session).await, 1);
        place.say(&session, "two").await;
        assert_eq!(place.seq(&session).await, 2);
        place.repository.delete(&session).await.unwrap();
        let gone = place.repository.load(&session).await;
        assert!(matches!(gone, Err(RepositoryError::NotFound { .. })));
        place.make(&session, Command::Create(NewSession::default())).await;
        assert_eq!(place.seq(&session).await, 1);
    }
}

#[tokio::test]
async fn what_others_wrote_is_found_stale() {
    let place = validated();
    let session = place.create("shared").await;
    place.seq(&session).await;
    place.behind_its_back(&session, "surprise").await;
    assert_eq!(place.seq(&session).await, 2);
    assert_eq!(place.seq(&session).await, 2);
    let expected = CacheStatistics { hits: 1, misses: 2, stale: 1, evicted: 0 };
    assert_eq!(place.statistics(), expected);
}

#[tokio::test]
async fn what_others_wrote_is_seen_once_the_time_to_live_is_over() {
    let place = believed_for_a_minute();
    let session = place.create("shared").await;
    place.seq(&session).await;
    place.behind_its_back(&session, "surprise").await;

    place.clock.advance_ms(59_999);
    assert_eq!(place.seq(&session).await, 1);
    place.clock.advance_ms(1);
    assert_eq!(place.seq(&session).await, 2);
    assert_eq!(place.statistics().stale, 1);
}

#[tokio::test]
async fn a_state_that_is_still_true_is_believed_for_another_time_to_live() {
    let place = believed_for_a_minute();
    let session = place.create("steady").await;
    place.seq(&session).await;
    for _ in 0..3 {
        place.clock.advance_ms(60_000);
        place.seq(&session).await;
        place.seq(&session).await;
    }
    assert_eq!((place.repository.inner().loads(), place.repository.inner().versions()), (1, 4));
}

#[tokio::test]
async fn a_clock_that_was_set_back_makes_nothing_believable() {
    let place = believed_for_a_minute();
    let session = place.create("unhinged").await;
    place.seq(&session).await;
    place.behind_its_back(&session, "surprise").await;
    place.clock.advance_ms(-1);
    assert_eq!(place.seq(&session).await, 2);
}

#[tokio::test]
async fn a_session_deleted_by_others_is_not_found() {
    let place = validated();
    let session = place.create("shared").await;
    place.seq(&session).await;
    place.repository.inner().delete(&session).await.unwrap();
    for _ in 0..2 {
        let gone = place.repository.load(&session).await;
        assert!(matches!(gone, Err(RepositoryError::NotFound { .. })));
    }
    assert_eq!(place.repository.kept(), 0);
}

#[tokio::test]
async fn a_change_that_was_waited_for_is_seen_within_the_time_to_live() {
    let place = believed_for_a_minute();
    let session = place.create("awaited").await;
    place.seq(&session).await;
    place.behind_its_back(&session, "surprise").await;
    assert_eq!(place.repository.changed(&session, 1).await.unwrap(), 2);
    assert_eq!(place.seq(&session).await, 2);
}

#[tokio::test]
async fn a_state_read_before_a_write_is_not_kept_after_it() {
    let options = CacheOptions { ttl: Some(MINUTE), ..CacheOptions::default() };
    let place = of(Counting::holding_answers_back, options);
    let session = place.create("raced").await;

    let (repository, raced) = (Arc::clone(&place.repository), session.clone());
    let reading = tokio::spawn(async move { repository.load(&raced).await.unwrap().state.seq });
    place.repository.inner().has_loaded(1).await;
    place.say(&session, "meanwhile").await;
    place.repository.inner().answers.add_permits(2);
    assert_eq!(reading.await.unwrap(), 1);
    assert_eq!(place.seq(&session).await, 2);
}

#[tokio::test]
async fn a_refused_write_leaves_no_doubt_behind() {
    let place = believed_for_a_minute();
    let session = place.create("refused").await;
    place.seq(&session).await;
    let conflict = vec![plain(message("never"))];
    assert!(place.append(&session, ExpectedSeq::Exactly(9), conflict).await.is_err());
    assert_eq!(place.seq(&session).await, 1);
    assert_eq!(place.repository.inner().loads(), 2);
}

#[tokio::test]
async fn a_write_that_is_abandoned_leaves_nothing_stale() {
    let place = believed_for_a_minute();
    let session = place.create("abandoned").await;
    place.seq(&session).await;
    let append = Append::one(message("perhaps"), author());
    // Polled never: nothing is written. Dropped after the append was made: it is seen.
    drop(place.repository.append(&session, append.clone()));
    assert_eq!(place.seq(&session).await, 1);
    let mut writing = place.repository.append(&session, append);
    let polled = std::future::poll_fn(|context| {
        std::task::Poll::Ready(writing.as_mut().poll(context).is_ready())
    });
    assert!(polled.await, "in memory an append never waits");
    drop(writing);
    assert_eq!(place.seq(&session).await, 2);
}

#[tokio::test]
async fn a_damaged_session_is_read_every_time() {
    let place = of(Counting::damaged, CacheOptions::default());
    let session = place.create("damaged").await;
    for _ in 0..3 {
        assert_eq!(place.repository.load(&session).await.unwrap().findings.len(), 1);
    }
    assert_eq!(place.repository.inner().loads(), 3);
}

#[tokio::test]
async fn the_cache_keeps_within_its_bound() {
    let place = cached(CacheOptions { capacity: 10, ..CacheOptions::default() });
    for n in 0..50 {
        let session = place.create(&format!("session-{n}")).await;
        place.seq(&session).await;
        assert!(place.repository.kept() <= 10);
    }
    assert_eq!(place.repository.kept(), 10);
    assert_eq!(place.statistics().evicted, 40);
}

#[tokio::test]
async fn a_cache_without_room_reads_every_time() {
    let place = cached(CacheOptions { capacity: 0, ..CacheOptions::default() });
    let session = place.create("homeless").await;
    for _ in 0..3 {
        assert_eq!(place.repository.kept(), 0);
        place.seq(&session).await;
    }
    assert_eq!(place.repository.inner().loads(), 3);
}

/// Nine reads to a write over twenty sessions, in an order that is the same every time.
#[tokio::test]
async fn a_workload_that_mostly_reads_is_spared_more_than_80_percent_of_its_reads() {
    let place = validated();
    for n in 0..20 {
        place.create(&format!("session-{n}")).await;
    }
    let (mut random, mut reads) = (0x2026_1122_u64, 0);
    for _ in 0..5000 {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let session = id(&format!("session-{}", (random >> 33) % 20));
        if (random >> 50).is_multiple_of(10) {
            place.say(&session, "on").await;
        } else {
            place.seq(&session).await;
            reads += 1;
        }
    }
    let loads = place.repository.inner().loads();
    assert!(reads > 4000 && loads * 5 <= reads, "{loads} loads for {reads} reads");
    assert_eq!(place.statistics().hits + loads, reads);
}
