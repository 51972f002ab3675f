//! Moments as people write them.

use super::Timestamp;

/// A text is no moment.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "not a time: write RFC 3339 (2026-11-22T13:45:04Z), a date (2026-11-22), or how long ago (2h, 3d, 1w)"
)]
pub struct NotATime;

/// The moment that a text stands for, seen from `now`: a time, a date, or how long ago.
///
/// # Errors
///
/// The text is none of the forms that [`NotATime`] lists.
pub fn parse_moment(text: &str, now: Timestamp) -> Result<Timestamp, NotATime> {
    if let Ok(moment) = text.parse() {
        return Ok(moment);
    }
    if let Ok(local) = text.parse::<jiff::civil::DateTime>() {
        let utc = local.to_zoned(jiff::tz::TimeZone::UTC).map_err(|_| NotATime)?;
        return Timestamp::from_micros(utc.timestamp().as_microsecond()).map_err(|_| NotATime);
    }
    let age = parse_age_micros(text)?;
    Ok(now.saturating_add_micros(age.saturating_neg()))
}

/// An age in microseconds; days are 24 hours and weeks 7 days. Months have no fixed length.
fn parse_age_micros(text: &str) -> Result<i64, NotATime> {
    let span: jiff::Span = text.parse().map_err(|_| NotATime)?;
    let days = jiff::SpanRelativeTo::days_are_24_hours();
    let age = span.to_duration(days).map_err(|_| NotATime)?.abs();
    i64::try_from(age.as_micros()).map_err(|_| NotATime)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    const NOW: &str = "2026-11-22T13:45:04.123456Z";

    #[test]
    fn every_documented_form_is_read() {
        let cases = [
            ("2026-11-22T13:45:04Z", "2026-11-22T13:45:04.000000Z"),
            ("2026-11-22T13:45:04+02:00", "2026-11-22T11:45:04.000000Z"),
            ("2026-11-22", "2026-11-22T00:00:00.000000Z"),
            ("2026-11-22T13:45", "2026-11-22T13:45:00.000000Z"),
            ("2h", "2026-11-22T11:45:04.123456Z"),
            ("3d", "2026-11-19T13:45:04.123456Z"),
            ("1w", "2026-11-15T13:45:04.123456Z"),
            ("1w ago", "2026-11-15T13:45:04.123456Z"),
            ("90 minutes", "2026-11-22T12:15:04.123456Z"),
        ];
        for (text, expected) in cases {
            assert_eq!(
                parse_moment(text, at(NOW)).map(|moment| moment.to_string()),
                Ok(expected.to_owned()),
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in ["", "yesterday-ish", "12", "2026-13-01", "1mo", "99999999999999w", "3d\u{1b}"]
        {
            assert_eq!(parse_moment(text, at(NOW)), Err(NotATime), "{text:?}");
        }
    }
}
