//! What the store's figures were over time: rings of samples, one for each length of time that a
//! chart shows.

use std::collections::VecDeque;
use std::time::Duration;

use crate::manager::{MetricsSnapshot, SessionCounts};
use crate::vocabulary::{Durations, Timestamp};

/// Samples of one ring: as many points as a chart of a hand's width can show.
pub(super) const SAMPLES_MAX: usize = 60;

/// How far back a chart looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Window {
    /// The last five minutes, in steps of five seconds.
    #[default]
    Minutes,
    /// The last hour, in steps of a minute.
    Hour,
    /// The last day, in steps of 24 minutes.
    Day,
}

impl Window {
    /// Every window, the shortest first.
    pub const ALL: [Self; 3] = [Self::Minutes, Self::Hour, Self::Day];

    /// How long one sample is.
    #[must_use]
    pub fn step(self) -> Duration {
        Duration::from_secs(match self {
            Self::Minutes => 5,
            Self::Hour => 60,
            Self::Day => 24 * 60,
        })
    }

    /// How long all samples of a full ring are.
    #[must_use]
    pub fn length(self) -> Duration {
        self.step().saturating_mul(u32::try_from(SAMPLES_MAX).unwrap_or(u32::MAX))
    }
}

/// The counters of a store at one moment; two of them make a [`Sample`].
#[derive(Debug, Clone, Default)]
pub struct Totals {
    /// Changes appended.
    pub changes: u64,
    /// How long appends took.
    pub took: Durations,
    /// How long appends waited for their lock.
    pub waited: Durations,
    /// Appends that gave up waiting.
    pub lock_timeouts: u64,
    /// Calls of all operations.
    pub calls: u64,
    /// Calls that failed because of the store.
    pub faults: u64,
    /// Look-ups that the cache answered.
    pub cache_hits: u64,
    /// Look-ups that it did not answer.
    pub cache_misses: u64,
    /// Sessions by status, as of the last listing.
    pub by_status: SessionCounts,
}

impl From<&MetricsSnapshot> for Totals {
    fn from(snapshot: &MetricsSnapshot) -> Self {
        Self {
            changes: snapshot.writes.changes,
            took: snapshot.writes.took.clone(),
            waited: snapshot.writes.waited.clone(),
            lock_timeouts: snapshot.lock_timeouts,
            calls: snapshot.calls,
            faults: snapshot.faults,
            cache_hits: snapshot.cache.hits,
            cache_misses: snapshot.cache.misses,
            by_status: snapshot.sessions,
        }
    }
}

impl Totals {
    fn went_back_from(&self, before: &Self) -> bool {
        self.changes < before.changes || self.calls < before.calls
    }
}

/// What happened between two moments.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// The later of the two.
    pub at: Timestamp,
    /// How far they are apart.
    pub over: Duration,
    /// Changes a second.
    pub events_per_s: f64,
    /// How long half of the appends took, at most, in microseconds; `None` without any.
    pub append_p50_us: Option<u64>,
    /// How long 95 of 100 appends took.
    pub append_p95_us: Option<u64>,
    /// How long 99 of 100 appends took.
    pub append_p99_us: Option<u64>,
    /// Failures of the store as a share of all calls; `None` without calls.
    pub error_rate: Option<f64>,
    /// Share of look-ups that the cache answered; `None` without any.
    pub cache_hit_rate: Option<f64>,
    /// How long 95 of 100 appends waited for their lock, at most, in microseconds.
    pub lock_wait_p95_us: Option<u64>,
    /// Appends that gave up waiting.
    pub lock_timeouts: u64,
    /// Sessions by status at the later moment.
    pub by_status: SessionCounts,
}

impl Sample {
    /// What happened from one moment to a later one; `None` if it is not later. Counters that went
    /// back, because the catalog was rebuilt, began anew at zero.
    #[must_use]
    pub fn between(
        (from, before): (Timestamp, &Totals),
        (to, after): (Timestamp, &Totals),
    ) -> Option<Self> {
        let micros = to.as_micros().checked_sub(from.as_micros()).filter(|micros| *micros > 0)?;
        let over = Duration::from_micros(micros.unsigned_abs());
        let nothing = Totals::default();
        let before = if after.went_back_from(before) { &nothing } else { before };
        let took = after.took.since(&before.took);
        let waited = after.waited.since(&before.waited);
        let hits = grown(before.cache_hits, after.cache_hits);
        let misses = grown(before.cache_misses, after.cache_misses);
        Some(Self {
            at: to,
            over,
            events_per_s: as_f64(grown(before.changes, after.changes)) / over.as_secs_f64(),
            append_p50_us: took.quantile(0.50),
            append_p95_us: took.quantile(0.95),
            append_p99_us: took.quantile(0.99),
            error_rate: share(grown(before.faults, after.faults), grown(before.calls, after.calls)),
            cache_hit_rate: share(hits, hits + misses),
            lock_wait_p95_us: waited.quantile(0.95),
            lock_timeouts: grown(before.lock_timeouts, after.lock_timeouts),
            by_status: after.by_status,
        })
    }
}

fn grown(before: u64, after: u64) -> u64 {
    after.saturating_sub(before)
}

fn share(part: u64, all: u64) -> Option<f64> {
    (all > 0).then(|| as_f64(part) / as_f64(all))
}

#[allow(clippy::cast_precision_loss, reason = "figures for people")]
fn as_f64(count: u64) -> f64 {
    count as f64
}

/// The samples of every window. It holds at most sixty of each, whatever is pushed.
#[derive(Debug)]
pub struct History {
    rings: [Ring; 3],
}

#[derive(Debug)]
struct Ring {
    window: Window,
    /// Where the sample under way begins.
    began: Option<(Timestamp, Totals)>,
    finished: VecDeque<Sample>,
    /// What the sample under way comes to so far.
    current: Option<Sample>,
}

impl Default for History {
    fn default() -> Self {
        Self { rings: Window::ALL.map(Ring::new) }
    }
}

impl History {
    /// Takes in the counters as they are at a moment. It may be called as often as one likes; what
    /// is not later than the moment before is left out.
    pub fn push(&mut self, at: Timestamp, totals: &Totals) {
        for ring in &mut self.rings {
            ring.push(at, totals);
        }
    }

    /// When counters were taken in last.
    #[must_use]
    pub fn newest(&self) -> Option<Timestamp> {
        let newest = |ring: &Ring| {
            let last = ring.current.as_ref().or(ring.finished.back());
            last.map(|sample| sample.at).or(ring.began.as_ref().map(|(at, _)| *at))
        };
        self.rings.iter().filter_map(newest).max()
    }

    /// The samples of a window, the oldest first. The last one is still under way.
    #[must_use]
    pub fn samples(&self, window: Window) -> Vec<Sample> {
        let ring = self.rings.iter().find(|ring| ring.window == window);
        ring.into_iter()
            .flat_map(|ring| ring.finished.iter().chain(&ring.current))
            .cloned()
            .collect()
    }
}

impl Ring {
    fn new(window: Window) -> Self {
        Self { window, began: None, finished: VecDeque::new(), current: None }
    }

    fn push(&mut self, at: Timestamp, totals: &Totals) {
        let Some((began, before)) = &self.began else {
            self.began = Some((at, totals.clone()));
            return;
        };
        let Some(sample) = Sample::between((*began, before), (at, totals)) else { return };
        if sample.over < self.window.step() {
            self.current = Some(sample);
            return;
        }
        self.finished.push_back(sample);
        if self.finished.len() >= SAMPLES_MAX {
            self.finished.pop_front();
        }
        self.current = None;
        self.began = Some((at, totals.clone()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn second(second: i64) -> Timestamp {
        Timestamp::EPOCH.saturating_add_micros(second * 1_000_000)
    }

    fn took(micros: impl IntoIterator<Item = u64>) -> Durations {
        let mut durations = Durations::default();
        micros.into_iter().for_each(|micros| durations.record_us(micros));
        durations
    }

    #[test]
    fn a_sample_is_what_happened_between_two_moments() {
        let before = Totals { changes: 100, calls: 50, faults: 1, ..Totals::default() };
        let after = Totals {
            changes: 130,
            calls: 90,
            faults: 2,
            cache_hits: 3,
            cache_misses: 1,
            lock_timeouts: 2,
            took: took([1_000; 20]),
            ..Totals::default()
        };
        let sample = Sample::between((second(10), &before), (second(20), &after)).unwrap();
        assert_eq!((sample.at, sample.over), (second(20), Duration::from_secs(10)));
        assert!((sample.events_per_s - 3.0).abs() < 1e-9);
        assert_eq!(sample.error_rate, Some(1.0 / 40.0));
        assert_eq!(sample.cache_hit_rate, Some(0.75));
        assert_eq!(sample.lock_timeouts, 2);
        let p95 = sample.append_p95_us.unwrap();
        assert!((1_000..1_070).contains(&p95), "{p95}");
    }

    #[test]
    fn durations_of_an_earlier_time_do_not_weigh_on_a_later_one() {
        let before = Totals { took: took([90_000; 50]), ..Totals::default() };
        let mut later = before.took.clone();
        later.record_us(200);
        let after = Totals { took: later, ..Totals::default() };
        let sample = Sample::between((second(0), &before), (second(5), &after)).unwrap();
        assert!(sample.append_p99_us.unwrap() < 250, "{sample:?}");
    }

    #[test]
    fn where_nothing_was_measured_there_is_no_figure() {
        let nothing = Totals::default();
        let sample = Sample::between((second(0), &nothing), (second(5), &nothing)).unwrap();
        assert!(sample.events_per_s.abs() < 1e-9);
        assert_eq!((sample.error_rate, sample.cache_hit_rate), (None, None));
        assert_eq!((sample.append_p50_us, sample.lock_wait_p95_us), (None, None));
        assert_eq!(Sample::between((second(5), &nothing), (second(5), &nothing)), None);
    }

    #[test]
    fn counters_that_went_back_began_anew() {
        let before = Totals { changes: 1_000, took: took([70; 9]), ..Totals::default() };
        let after = Totals { changes: 20, took: took([70; 2]), ..Totals::default() };
        let sample = Sample::between((second(0), &before), (second(10), &after)).unwrap();
        assert!((sample.events_per_s - 2.0).abs() < 1e-9);
        assert!(sample.append_p50_us.is_some());
    }

    #[test]
    fn a_ring_holds_the_newest_samples_and_the_one_under_way() {
        let mut history = History::default();
        for now in 0..=2_003_i64 {
            let changes = now.unsigned_abs() * 4;
            history.push(second(now), &Totals { changes, ..Totals::default() });
        }
        let samples = history.samples(Window::Minutes);
        assert_eq!(samples.len(), SAMPLES_MAX);
        assert_eq!(samples.last().map(|sample| sample.at), Some(second(2_003)));
        assert_eq!(samples.last().map(|sample| sample.over), Some(Duration::from_secs(3)));
        assert!(samples.iter().all(|sample| (sample.events_per_s - 4.0).abs() < 1e-9));
        assert_eq!(history.samples(Window::Hour).len(), 34);
        assert_eq!(history.samples(Window::Day).len(), 2);
    }

    #[test]
    fn a_clock_that_is_put_back_leaves_the_samples_as_they_are() {
        let mut history = History::default();
        for now in [100, 110, 40, 115] {
            history.push(second(now), &Totals::default());
        }
        let at: Vec<_> = history.samples(Window::Minutes).iter().map(|sample| sample.at).collect();
        assert_eq!(at, [second(110), second(115)]);
    }
}
