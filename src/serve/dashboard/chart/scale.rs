//! Axes: from values and moments to places in a picture, and the few places worth a label.

use std::time::Duration;

use crate::vocabulary::Timestamp;

/// Most steps between the bottom and the top of an axis.
const STEPS_MAX: f64 = 4.0;

/// An axis of values from zero to a round number, in round steps.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Scale {
    step: f64,
    steps: u32,
}

impl Scale {
    /// The shortest axis that reaches a value: steps are 1, 2 or 5 times a power of ten.
    pub(super) fn up_to(value: f64) -> Self {
        let value = if value.is_finite() && value > 0.0 { value } else { 1.0 };
        let power = 10_f64.powf((value / STEPS_MAX).log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0]
            .into_iter()
            .map(|factor| factor * power)
            .find(|step| value <= step * STEPS_MAX * (1.0 + f64::EPSILON))
            .unwrap_or(value);
        // Between one and five: the cast cuts nothing off.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "small")]
        let steps = (value / step - 1e-9).ceil().clamp(1.0, STEPS_MAX) as u32;
        Self { step, steps }
    }

    /// An axis of shares, from nothing to all.
    pub(super) fn of_all() -> Self {
        Self { step: 0.5, steps: 2 }
    }

    pub(super) fn top(self) -> f64 {
        self.step * f64::from(self.steps)
    }

    /// The values that get a line and a label.
    pub(super) fn ticks(self) -> impl Iterator<Item = f64> {
        (0..=self.steps).map(move |place| self.step * f64::from(place))
    }

    /// Where a value stands between the bottom (0) and the top (1).
    pub(super) fn place(self, value: f64) -> f64 {
        (value / self.top()).clamp(0.0, 1.0)
    }
}

/// A stretch of time that ends at a moment.
#[derive(Debug, Clone, Copy)]
pub(in crate::serve::dashboard) struct Span {
    /// Its end.
    pub(in crate::serve::dashboard) to: Timestamp,
    /// How long it is.
    pub(in crate::serve::dashboard) length: Duration,
}

impl Span {
    /// Where a moment stands between the beginning (0) and the end (1).
    pub(super) fn place(self, moment: Timestamp) -> f64 {
        let before_end = self.to.as_micros().saturating_sub(moment.as_micros());
        #[allow(clippy::cast_precision_loss, reason = "places in a picture")]
        let share = before_end as f64 / self.length.as_micros().max(1) as f64;
        (1.0 - share).clamp(0.0, 1.0)
    }

    /// The moments that get a label: round ones, four to six of them.
    pub(super) fn ticks(self) -> Vec<Timestamp> {
        const STEPS_S: [i64; 9] = [60, 120, 300, 600, 900, 1_800, 3_600, 3 * 3_600, 6 * 3_600];
        let length_us = i64::try_from(self.length.as_micros()).unwrap_or(i64::MAX);
        let steps_us = STEPS_S.map(|step| step * 1_000_000);
        let step = steps_us.into_iter().find(|step| length_us / step <= 6);
        let step = step.unwrap_or(24 * 3_600 * 1_000_000);
        let end = self.to.as_micros();
        let first = end.saturating_sub(length_us).div_euclid(step) * step + step;
        (0..=6)
            .map(|place| first.saturating_add(place * step))
            .take_while(|moment| *moment <= end)
            .filter_map(|moment| Timestamp::from_micros(moment).ok())
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_axis_ends_at_the_next_round_number() {
        let cases = [
            (0.0, 1.0),
            (0.9, 1.0),
            (1.0, 1.0),
            (4.1, 6.0),
            (7.0, 8.0),
            (11.0, 15.0),
            (38.0, 40.0),
            (41.0, 60.0),
            (0.02, 0.02),
            (f64::NAN, 1.0),
        ];
        for (value, top) in cases {
            let scale = Scale::up_to(value);
            assert!((scale.top() - top).abs() < 1e-9, "{value}: {scale:?}");
        }
    }

    #[test]
    fn an_axis_holds_its_value_and_has_few_lines() {
        for tenth in 1..5_000 {
            let value = f64::from(tenth) / 10.0;
            let scale = Scale::up_to(value);
            assert!(scale.top() >= value - 1e-6 && scale.top() <= value * 2.5 + 1e-6, "{value}");
            assert!((2..=5).contains(&scale.ticks().count()), "{value}: {scale:?}");
        }
    }

    #[test]
    fn moments_with_a_label_are_round() {
        let to: Timestamp = "2026-11-22T13:45:04Z".parse().unwrap();
        let ticks = |length: u64| {
            let span = Span { to, length: Duration::from_secs(length) };
            span.ticks().iter().map(|tick| tick.time_of_day()).collect::<Vec<_>>()
        };
        assert_eq!(ticks(300), ["13:41:00", "13:42:00", "13:43:00", "13:44:00", "13:45:00"]);
        assert_eq!(ticks(3_600).first().map(String::as_str), Some("12:50:00"));
        assert_eq!(ticks(86_400), ["18:00:00", "00:00:00", "06:00:00", "12:00:00"]);
    }

    #[test]
    fn a_moment_stands_where_its_share_of_the_span_is() {
        let to = Timestamp::EPOCH.saturating_add_micros(100_000_000);
        let span = Span { to, length: Duration::from_secs(100) };
        let at =
            |second: i64| span.place(Timestamp::EPOCH.saturating_add_micros(second * 1_000_000));
        assert!((at(25) - 0.25).abs() < 1e-9 && at(-5).abs() < 1e-9);
        assert!((at(100) - 1.0).abs() < 1e-9);
    }
}
