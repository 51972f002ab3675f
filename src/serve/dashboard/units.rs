//! Figures as people read them: few digits, and the unit that fits.

/// What the values of a chart are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    /// So many a second.
    Rate,
    /// Microseconds.
    Duration,
    /// A share of one.
    Share,
}

impl Unit {
    /// A value with its unit.
    pub(super) fn tell(self, value: f64) -> String {
        match self {
            Self::Rate => rate(value),
            Self::Duration => duration(value),
            Self::Share => percent(value),
        }
    }

    /// A value that may not have been measured.
    pub(super) fn tell_if_any(self, value: Option<f64>) -> String {
        value.map_or_else(|| "–".to_owned(), |value| self.tell(value))
    }
}

/// A number with two significant digits below 10, and none after the point from there on.
fn short(value: f64) -> String {
    let text = if value >= 9.95 { format!("{value:.0}") } else { format!("{value:.1}") };
    text.strip_suffix(".0").map(str::to_owned).unwrap_or(text)
}

fn rate(per_second: f64) -> String {
    match per_second {
        value if value >= 999_500.0 => format!("{}M", short(value / 1e6)),
        value if value >= 999.5 => format!("{}k", short(value / 1e3)),
        value if value > 0.0 && value < 0.095 => format!("{value:.2}"),
        value => short(value),
    }
}

fn duration(micros: f64) -> String {
    match micros {
        value if value >= 99_500_000.0 => format!("{} min", short(value / 60e6)),
        value if value >= 999_500.0 => format!("{} s", short(value / 1e6)),
        value if value >= 999.5 => format!("{} ms", short(value / 1e3)),
        0.0 => "0".to_owned(),
        value => format!("{} µs", short(value)),
    }
}

fn percent(share: f64) -> String {
    match share * 100.0 {
        value if value > 0.0 && value < 0.095 => format!("{value:.2} %"),
        // What is not all of it is not told as all of it.
        value if value < 100.0 && value > 99.5 => format!("{:.1} %", value.min(99.9)),
        value => format!("{} %", short(value)),
    }
}

/// A whole number in groups of three digits.
pub(super) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// A number of things with their name, in the singular or the plural.
pub(super) fn counted(number: u64, thing: &str) -> String {
    let ending = if number == 1 { "" } else { "s" };
    format!("{} {thing}{ending}", count(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_have_few_digits_and_the_unit_that_fits() {
        let cases = [
            (Unit::Rate, 0.0, "0"),
            (Unit::Rate, 0.034, "0.03"),
            (Unit::Rate, 4.0, "4"),
            (Unit::Rate, 9.96, "10"),
            (Unit::Rate, 123.4, "123"),
            (Unit::Rate, 1_540.0, "1.5k"),
            (Unit::Duration, 0.0, "0"),
            (Unit::Duration, 870.0, "870 µs"),
            (Unit::Duration, 1_000.0, "1 ms"),
            (Unit::Duration, 12_700.0, "13 ms"),
            (Unit::Duration, 2_340_000.0, "2.3 s"),
            (Unit::Duration, 180_000_000.0, "3 min"),
            (Unit::Share, 0.0, "0 %"),
            (Unit::Share, 0.0004, "0.04 %"),
            (Unit::Share, 0.012, "1.2 %"),
            (Unit::Share, 0.9999, "99.9 %"),
            (Unit::Share, 1.0, "100 %"),
        ];
        for (unit, value, told) in cases {
            assert_eq!(unit.tell(value), told, "{value}");
        }
        assert_eq!(Unit::Rate.tell_if_any(None), "–");
    }

    #[test]
    fn large_numbers_are_grouped() {
        for (number, told) in [(0, "0"), (999, "999"), (1_000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(count(number), told);
        }
        assert_eq!(
            (counted(1, "session"), counted(2, "session")),
            ("1 session".to_owned(), "2 sessions".to_owned())
        );
    }
}
