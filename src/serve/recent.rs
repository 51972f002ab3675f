//! What was measured in the last minutes: what has gone well for a year hides what goes wrong today.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::manager::MetricsSnapshot;

/// How far back the health of a store is judged.
const WINDOW: Duration = Duration::from_secs(5 * 60);

/// Most moments that are kept: where figures are taken more often, the window is shorter.
const MOMENTS_MAX: usize = 512;

/// Figures of the last minutes, each with its moment, oldest first.
#[derive(Debug, Default)]
pub(super) struct Recent(VecDeque<(Instant, MetricsSnapshot)>);

impl Recent {
    /// Takes in the figures of a moment, and returns what was measured in the window before it. At
    /// first that is nothing.
    pub(super) fn take(&mut self, now: Instant, figures: MetricsSnapshot) -> MetricsSnapshot {
        let is_older = |(at, _): &(Instant, MetricsSnapshot)| now.duration_since(*at) > WINDOW;
        while self.0.front().is_some_and(is_older) || self.0.len() >= MOMENTS_MAX {
            self.0.pop_front();
        }
        let recent = figures.since(self.0.front().map_or(&figures, |(_, oldest)| oldest));
        self.0.push_back((now, figures));
        recent
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figures(lock_timeouts: u64) -> MetricsSnapshot {
        MetricsSnapshot { lock_timeouts, ..MetricsSnapshot::default() }
    }

    #[test]
    fn what_was_measured_before_the_window_does_not_count() {
        let start = Instant::now();
        let mut recent = Recent::default();
        let mut at = |seconds, count| {
            recent.take(start + Duration::from_secs(seconds), figures(count)).lock_timeouts
        };
        assert_eq!(at(0, 1000), 0);
        assert_eq!(at(100, 1003), 3);
        assert_eq!(at(300, 1004), 4);
        assert_eq!(at(301, 1004), 1);
        assert_eq!(at(1000, 1009), 0);
    }

    #[test]
    fn no_more_moments_are_kept_than_the_bound() {
        let start = Instant::now();
        let mut recent = Recent::default();
        for count in 0..2000 {
            let counted = recent.take(start, figures(count)).lock_timeouts;
            assert!(counted <= MOMENTS_MAX as u64, "{counted}");
        }
        assert_eq!(recent.0.len(), MOMENTS_MAX);
    }
}
