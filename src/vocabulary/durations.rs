//! How long things took: a histogram that adds up over processes, and is short when it is written.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Buckets of each power of two. Below so many microseconds each has a bucket of its own.
const STEPS: u64 = 16;

/// How many powers of two those are that have a bucket for each microsecond.
const STEPS_LOG2: u32 = STEPS.trailing_zeros();

/// How many buckets cover every duration: those below the first step, and as many for each power
/// of two from there on.
const BUCKETS: usize = 16 * (64 - STEPS_LOG2 as usize + 1);

/// Durations in microseconds, counted in buckets that are at most a sixteenth (6.25 %) of their
/// beginning wide. Only buckets that hold something take any room, of at most 976. Counts and sums
/// stop at the largest number there is, so that what was read from a disk cannot overflow them.
///
/// Its JSON form is `{"sum_us":…,"max_us":…,"buckets":[[first microsecond, count],…]}`, from the
/// shortest to the longest.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Durations {
    buckets: BTreeMap<u16, u64>,
    sum_us: u64,
    max_us: u64,
}

impl Durations {
    /// Counts a duration. A part of a microsecond is a whole one.
    pub fn record(&mut self, duration: Duration) {
        self.record_us(u64::try_from(duration.as_nanos().div_ceil(1000)).unwrap_or(u64::MAX));
    }

    /// Counts a duration in microseconds.
    pub fn record_us(&mut self, micros: u64) {
        add(self.buckets.entry(bucket_of(micros)).or_default(), 1);
        add(&mut self.sum_us, micros);
        self.max_us = self.max_us.max(micros);
    }

    /// How many durations there are.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.buckets.values().fold(0, |sum, count| sum.saturating_add(*count))
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.buckets.is_empty()
    }

    /// All of them together, in microseconds.
    #[must_use]
    pub fn sum_us(&self) -> u64 {
        self.sum_us
    }

    /// The longest, in microseconds; 0 where there are none.
    #[must_use]
    pub fn max_us(&self) -> u64 {
        self.max_us
    }

    /// What this share of the durations took at most, in microseconds, for shares from 0 to 1:
    /// never less than the truth, and at most a sixteenth more. `None` where there are none.
    #[must_use]
    #[allow(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a rank of a share; a negative one or none at all is the first"
    )]
    pub fn quantile(&self, share: f64) -> Option<u64> {
        let count = self.count();
        let rank = ((share * count as f64).ceil() as u64).clamp(1, count.max(1));
        let mut before = 0_u64;
        self.buckets.iter().find_map(|(bucket, count)| {
            before = before.saturating_add(*count);
            (before >= rank).then(|| last_of(*bucket).min(self.max_us))
        })
    }

    /// How many took at most so many microseconds. Those of a bucket that the bound divides are
    /// taken to be longer, so that nothing looks quicker than it was.
    #[must_use]
    pub fn cumulative(&self, bound_us: u64) -> u64 {
        let within = self.buckets.iter().take_while(|(bucket, _)| last_of(**bucket) <= bound_us);
        within.fold(0, |sum, (_, count)| sum.saturating_add(*count))
    }

    /// Adds other durations to these. It does not matter in which order several are added.
    pub fn merge(&mut self, other: &Self) {
        for (bucket, count) in &other.buckets {
            add(self.buckets.entry(*bucket).or_default(), *count);
        }
        add(&mut self.sum_us, other.sum_us);
        self.max_us = self.max_us.max(other.max_us);
    }

    /// Those that were counted since these durations were as `earlier` is. The longest of them is
    /// known as exactly as its bucket is.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        let more = |(bucket, count): (&u16, &u64)| {
            let more = count.saturating_sub(earlier.buckets.get(bucket).copied().unwrap_or(0));
            (more > 0).then_some((*bucket, more))
        };
        let buckets: BTreeMap<u16, u64> = self.buckets.iter().filter_map(more).collect();
        let max_us = match buckets.last_key_value() {
            Some((bucket, _)) => last_of(*bucket).min(self.max_us),
            None => 0,
        };
        let sum_us =
            if buckets.is_empty() { 0 } else { self.sum_us.saturating_sub(earlier.sum_us) };
        Self { buckets, sum_us, max_us }
    }
}

fn add(count: &mut u64, more: u64) {
    *count = count.saturating_add(more);
}

/// The bucket of a duration.
fn bucket_of(micros: u64) -> u16 {
    let bucket = match micros.checked_ilog2() {
        Some(log2) if log2 >= STEPS_LOG2 => {
            let power = u64::from(log2 - STEPS_LOG2);
            // From `STEPS` to twice as many, less one.
            let leading = micros >> power;
            power * STEPS + leading
        }
        _ => micros,
    };
    u16::try_from(bucket).unwrap_or(u16::MAX)
}

/// The first microsecond of a bucket.
fn first_of(bucket: u16) -> u64 {
    let bucket = u64::from(bucket);
    match (bucket / STEPS).checked_sub(1) {
        None => bucket,
        Some(power) => (STEPS + bucket % STEPS) << power,
    }
}

/// The last one.
fn last_of(bucket: u16) -> u64 {
    match usize::from(bucket) + 1 < BUCKETS {
        true => first_of(bucket + 1) - 1,
        false => u64::MAX,
    }
}

/// How durations are written.
#[derive(Serialize, Deserialize)]
struct Written {
    sum_us: u64,
    max_us: u64,
    buckets: Vec<(u64, u64)>,
}

impl Serialize for Durations {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let buckets = self.buckets.iter().map(|(bucket, count)| (first_of(*bucket), *count));
        let Self { sum_us, max_us, .. } = *self;
        Written { sum_us, max_us, buckets: buckets.collect() }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Durations {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Written { sum_us, max_us, buckets: written } = Written::deserialize(deserializer)?;
        let mut buckets = BTreeMap::new();
        for (first_us, count) in written {
            let bucket = bucket_of(first_us);
            let is_next = buckets.last_key_value().is_none_or(|(last, _)| *last < bucket);
            if first_of(bucket) != first_us || !is_next || count == 0 {
                return Err(de::Error::custom("no bucket, or one out of its place"));
            }
            buckets.insert(bucket, count);
        }
        let longest = buckets.last_key_value().map_or(0, |(bucket, _)| *bucket);
        if bucket_of(max_us) != longest || (buckets.is_empty() && (sum_us, max_us) != (0, 0)) {
            return Err(de::Error::custom("the longest is in none of the buckets"));
        }
        Ok(Self { buckets, sum_us, max_us })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(micros: &[u64]) -> Durations {
        let mut durations = Durations::default();
        micros.iter().for_each(|micros| durations.record_us(*micros));
        durations
    }

    fn merged(one: &Durations, other: &Durations) -> Durations {
        let mut sum = one.clone();
        sum.merge(other);
        sum
    }

    /// Durations of every magnitude, not only the largest.
    fn micros() -> impl Strategy<Value = u64> {
        (any::<u64>(), 0..64_u32).prop_map(|(bits, shift)| bits >> shift)
    }

    fn many() -> impl Strategy<Value = Vec<u64>> {
        prop::collection::vec(micros(), 0..200)
    }

    #[test]
    fn buckets_follow_each_other_without_gap_or_overlap_up_to_the_largest_number() {
        for bucket in 0..u16::try_from(BUCKETS).unwrap() {
            let (first, last) = (first_of(bucket), last_of(bucket));
            assert_eq!((bucket_of(first), bucket_of(last)), (bucket, bucket));
            assert!(last - first <= first / STEPS, "{bucket} is from {first} to {last}");
        }
        assert_eq!(usize::from(bucket_of(u64::MAX)), BUCKETS - 1);
    }

    #[test]
    fn no_durations_have_no_quantile_and_a_single_one_has_itself() {
        assert_eq!(Durations::default().quantile(0.5), None);
        for micros in [0, 1, 17, 1_000_003, u64::MAX] {
            let one = of(&[micros]);
            for share in [-1.0, 0.0, 0.5, 1.0, 2.0, f64::NAN] {
                assert_eq!(one.quantile(share), Some(micros));
            }
        }
    }

    #[test]
    fn what_is_written_is_short_and_can_be_read_by_people() {
        let written = serde_json::to_string(&of(&[3, 1_000, 1_010])).unwrap();
        assert_eq!(written, r#"{"sum_us":2013,"max_us":1010,"buckets":[[3,1],[992,2]]}"#);
    }

    #[test]
    fn what_cannot_have_been_written_is_not_read() {
        for forged in [
            r#"{"sum_us":0,"max_us":0,"buckets":[[993,1]]}"#,
            r#"{"sum_us":9,"max_us":5,"buckets":[[5,1],[4,1]]}"#,
            r#"{"sum_us":9,"max_us":4,"buckets":[[4,1],[4,1]]}"#,
            r#"{"sum_us":9,"max_us":4,"buckets":[[4,0]]}"#,
            r#"{"sum_us":9,"max_us":5,"buckets":[[4,1]]}"#,
            r#"{"sum_us":1,"max_us":0,"buckets":[]}"#,
            r#"{"sum_us":0,"max_us":0,"buckets":[[-4,1]]}"#,
        ] {
            assert!(serde_json::from_str::<Durations>(forged).is_err(), "{forged}");
        }
    }

    proptest! {
        #[test]
        fn adding_up_gives_the_same_in_any_order(a in many(), b in many(), c in many()) {
            let (one, two, three) = (of(&a), of(&b), of(&c));
            let all: Vec<u64> = [a, b, c].concat();
            prop_assert_eq!(merged(&one, &two), merged(&two, &one));
            prop_assert_eq!(merged(&merged(&one, &two), &three), merged(&one, &merged(&two, &three)));
            prop_assert_eq!(merged(&merged(&one, &two), &three), of(&all));
        }

        #[test]
        fn a_quantile_is_the_truth_or_at_most_a_sixteenth_more(
            mut micros in prop::collection::vec(micros(), 1..200),
            share in 0.0..=1.0_f64,
        ) {
            let found = of(&micros).quantile(share).unwrap();
            micros.sort_unstable();
            let rank = ((share * micros.len() as f64).ceil() as usize).max(1);
            let truth = micros[rank - 1];
            prop_assert!(truth <= found && found - truth <= truth / STEPS, "{truth}, {found}");
        }

        #[test]
        fn never_more_are_within_a_bound_than_were_and_all_that_are_well_within(
            micros in many(),
            bound in micros(),
        ) {
            let counted = of(&micros).cumulative(bound);
            let within = |bound: u64| micros.iter().filter(|micros| **micros <= bound).count() as u64;
            prop_assert!(counted <= within(bound));
            prop_assert!(counted >= within(bound - bound / (STEPS - 1)));
        }

        #[test]
        fn what_came_since_is_what_is_missing_from_the_sum(a in many(), b in many()) {
            // Far from where sums stop.
            let small = |micros: Vec<u64>| micros.into_iter().map(|micros| micros >> 9).collect::<Vec<_>>();
            let (a, b) = (small(a), small(b));
            let (earlier, more) = (of(&a), of(&b));
            let since = merged(&earlier, &more).since(&earlier);
            prop_assert_eq!((&since.buckets, since.sum_us), (&more.buckets, more.sum_us));
            let beyond = since.max_us - more.max_us;
            prop_assert!(beyond <= more.max_us / STEPS);
            prop_assert_eq!(merged(&earlier, &since).max_us, merged(&earlier, &more).max_us);
        }

        #[test]
        fn what_was_written_is_read(micros in many()) {
            let durations = of(&micros);
            let written = serde_json::to_string(&durations).unwrap();
            prop_assert_eq!(serde_json::from_str::<Durations>(&written).unwrap(), durations);
        }

        #[test]
        fn nothing_that_is_read_is_larger_than_its_bound_or_overflows(
            pairs in prop::collection::vec((micros(), any::<u64>()), 0..2_000),
        ) {
            let pairs: BTreeMap<u64, u64> = pairs
                .into_iter()
                .map(|(micros, count)| (first_of(bucket_of(micros)), count.max(1)))
                .collect();
            let max_us = pairs.last_key_value().map_or(0, |(first, _)| *first);
            let sum_us = if pairs.is_empty() { 0 } else { u64::MAX };
            let pairs: Vec<(u64, u64)> = pairs.into_iter().collect();
            let written = serde_json::json!({ "sum_us": sum_us, "max_us": max_us, "buckets": pairs });
            let read: Durations = serde_json::from_value(written).unwrap();
            prop_assert!(read.buckets.len() <= BUCKETS);
            let twice = merged(&read, &read);
            prop_assert!(twice.count() >= read.count());
            let longest = twice.quantile(1.0).unwrap_or(0);
            prop_assert!(longest <= twice.max_us && twice.max_us == read.max_us);
        }
    }
}
