//! Moments as people read them.

use super::Timestamp;

const MICROS_PER_SECOND: i64 = 1_000_000;
const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
/// Older moments are shown as a date: "94d ago" tells a person less than the day does.
const RELATIVE_DAYS_MAX: i64 = 30;

impl Timestamp {
    /// How long ago it was, seen from another moment, in the largest unit that fits: `5m ago`. What
    /// is over 30 days old, or yet to come, is told as its date.
    #[must_use]
    pub fn ago(self, now: Self) -> String {
        let seconds =
            now.as_micros().saturating_sub(self.as_micros()).div_euclid(MICROS_PER_SECOND);
        match seconds {
            // Clocks of two machines may differ a little.
            _ if seconds.abs() < MINUTE => "just now".to_owned(),
            MINUTE..HOUR => format!("{}m ago", seconds / MINUTE),
            HOUR..DAY => format!("{}h ago", seconds / HOUR),
            _ if (0..=RELATIVE_DAYS_MAX * DAY).contains(&seconds) => {
                format!("{}d ago", seconds / DAY)
            }
            _ => cut(&self.to_string(), 10),
        }
    }

    /// The moment in UTC with its date, cut to the second: `2026-11-22 13:45:04`.
    #[must_use]
    pub fn to_the_second(self) -> String {
        cut(&self.to_string(), 19).replace('T', " ")
    }

    /// The time of day in UTC, cut to the second: `13:45:04`.
    #[must_use]
    pub fn time_of_day(self) -> String {
        self.to_string().chars().skip(11).take(8).collect()
    }
}

fn cut(text: &str, chars: usize) -> String {
    text.chars().take(chars).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn ages_are_told_in_the_unit_that_fits() {
        let cases = [
            ("2026-11-22T13:45:00Z", "just now"),
            ("2026-11-22T13:45:30Z", "just now"),
            ("2026-11-22T13:40:04Z", "5m ago"),
            ("2026-11-22T00:45:04Z", "13h ago"),
            ("2026-11-20T13:45:04Z", "2d ago"),
            ("2026-02-12T14:11:56Z", "2026-02-12"),
            ("2027-01-01T00:00:00Z", "2027-01-01"),
        ];
        for (moment, expected) in cases {
            assert_eq!(at(moment).ago(at("2026-11-22T13:45:04.123456Z")), expected, "{moment}");
        }
    }

    #[test]
    fn a_moment_is_cut_not_rounded_to_the_second() {
        let moment = at("2026-11-22T13:45:04.999999Z");
        assert_eq!(moment.to_the_second(), "2026-11-22 13:45:04");
        assert_eq!(moment.time_of_day(), "13:45:04");
    }
}
