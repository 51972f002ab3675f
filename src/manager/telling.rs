//! Figures of the store as a whole: each process tells what it has measured, and anybody can ask
//! for what all of them have told.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{MetricsSnapshot, SessionCounts, SessionError, SessionManager};
use crate::repository::{Met, SessionRepository, Watermark};
use crate::vocabulary::{Figures, SessionFilter, SessionStatus, Timestamp};

/// How often a process that lives on tells what it has measured, at most: every two seconds, in
/// microseconds. Often enough for a chart of what happens now, and far too seldom to cost anything.
const TELL_EVERY_US: i64 = 2_000_000;

/// What a manager has told of its figures, and how many sessions it knows of.
#[derive(Debug, Default)]
pub(super) struct Told {
    telling: Mutex<Telling>,
    /// How many sessions there were when the catalog had been heard up to there.
    counted: Mutex<Option<(Watermark, SessionCounts)>>,
}

#[derive(Debug, Default)]
struct Telling {
    /// All that was told so far.
    figures: Figures,
    /// How often something was.
    times: u64,
    /// When something was told last, or the first operation ended.
    at: Option<Timestamp>,
}

impl<R: SessionRepository> SessionManager<R> {
    /// The figures of every process that has used the store, this one included, and how many
    /// sessions there are. They grow for as long as the store's catalog is there, and begin at
    /// zero where it was deleted. A process that was killed has not told of its last two seconds. It is none of
    /// the operations that are counted.
    ///
    /// # Errors
    ///
    /// Those of the store as a whole.
    pub async fn store_metrics(&self) -> Result<MetricsSnapshot, SessionError> {
        let sessions = self.count_sessions().await?;
        loop {
            let before = held(&self.told.telling).times;
            let mut figures = self.repository.told_figures().await?;
            let telling = held(&self.told.telling);
            // Otherwise some of its own may be in both or in neither. It tells so seldom that this
            // is not met twice.
            if telling.times == before {
                figures.merge(&self.own_figures().since(&telling.figures));
                return Ok(MetricsSnapshot::of(figures, sessions));
            }
        }
    }

    /// What this manager has measured so far, without what its repository has of appends.
    pub(super) fn own_figures(&self) -> Figures {
        Figures { cache: self.repository.cache_statistics(), ..self.metrics.figures() }
    }

    /// Tells what was measured, if the last time is a while ago and nobody else is at it.
    pub(super) fn tell_if_due(&self) {
        let Ok(mut telling) = self.told.telling.try_lock() else { return };
        let now = self.clock.now();
        let at = *telling.at.get_or_insert(now);
        // A clock that was set back makes it due, too.
        if !(0..TELL_EVERY_US).contains(&now.as_micros().saturating_sub(at.as_micros())) {
            telling.at = Some(now);
            self.tell(telling);
        }
    }

    fn tell(&self, mut telling: MutexGuard<'_, Telling>) {
        if !self.tells {
            return;
        }
        let figures = self.own_figures();
        if self.repository.tell_figures(&figures.since(&telling.figures)) {
            (telling.figures, telling.times) = (figures, telling.times + 1);
        }
    }

    /// How many sessions there are of each status, counted again if anything was told since.
    pub(super) async fn count_sessions(&self) -> Result<SessionCounts, SessionError> {
        if let (Some(now), Some((then, counts))) =
            (self.repository.watermark(), *held(&self.told.counted))
            && now == then
        {
            return Ok(counts);
        }
        // Before they are counted: of a change in between there is more to hear.
        let watermark = self.repository.watermark();
        let mut counts = SessionCounts::default();
        for status in SessionStatus::ALL {
            *counts.of_mut(status) = Some(0);
        }
        let mut sessions = self.repository.sessions(&SessionFilter::everything()).await?;
        while let Some(met) = sessions.next().await {
            if let Met::Session(listed) = met? {
                let count = counts.of_mut(listed.status());
                *count = count.map(|count| count + 1);
            }
        }
        *held(&self.told.counted) = watermark.map(|watermark| (watermark, counts));
        Ok(counts)
    }
}

/// The process may end now, and what it has measured is to outlive it.
impl<R: SessionRepository> Drop for SessionManager<R> {
    fn drop(&mut self) {
        self.tell(held(&self.told.telling));
    }
}

/// What was told is whole between any two changes, so a panic elsewhere does not spoil it.
fn held<T>(told: &Mutex<T>) -> MutexGuard<'_, T> {
    told.lock().unwrap_or_else(PoisonError::into_inner)
}
