//! Figures as OTLP has them, made from the text that `/metrics` answers with: whoever looks at both
//! sees the same families with the same meaning.
//!
//! A name loses what the format of the text adds to it, and has dots: `annals_lock_wait_seconds` is
//! `annals.lock.wait` in seconds. What puts OTLP into Prometheus makes the first name of it again.

use std::collections::BTreeMap;

use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value};
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::number_data_point::Value;
use opentelemetry_proto::tonic::metrics::v1::{
    AggregationTemporality, Gauge, Histogram, HistogramDataPoint, Metric, NumberDataPoint, Sum,
};

use crate::vocabulary::Timestamp;

/// The label of a bucket's upper bound.
const BOUND: &str = "le";

/// Names with values.
type Labels = BTreeMap<String, String>;

/// A family of the text.
#[derive(Debug, Default)]
struct Family<'t> {
    name: &'t str,
    help: &'t str,
    kind: &'t str,
    unit: &'t str,
    samples: Vec<Sample<'t>>,
}

/// A line with a value.
#[derive(Debug, PartialEq)]
struct Sample<'t> {
    /// What follows the name of the family, such as `_total`.
    suffix: &'t str,
    labels: Labels,
    value: &'t str,
}

/// The families of an OpenMetrics text that annals has written, as they were at a moment. Since when
/// counters have grown is not said: the store keeps them for longer than any process lives.
pub(super) fn metrics(text: &str, at: Timestamp) -> Vec<Metric> {
    let mut families: Vec<Family<'_>> = Vec::new();
    for line in text.lines() {
        let mut words = line.strip_prefix("# ").unwrap_or_default().splitn(3, ' ');
        match (words.next(), words.next(), words.next(), families.last_mut()) {
            (Some("HELP"), Some(name), Some(help), _) => {
                families.push(Family { name, help, ..Family::default() });
            }
            (Some("TYPE"), Some(_), Some(kind), Some(family)) => family.kind = kind,
            (Some("UNIT"), Some(_), Some(unit), Some(family)) => family.unit = unit,
            (_, _, _, Some(family)) => family.samples.extend(sample(line, family.name)),
            _ => {}
        }
    }
    let at_ns = u64::try_from(at.as_micros()).unwrap_or(0).saturating_mul(1000);
    let filled = families.into_iter().filter(|family| !family.samples.is_empty());
    filled.map(|family| metric(family, at_ns)).collect()
}

/// The sample of a family on a line, if there is one.
fn sample<'t>(line: &'t str, family: &str) -> Option<Sample<'t>> {
    let rest = line.strip_prefix(family)?;
    let (front, value) = rest.rsplit_once(' ')?;
    let (suffix, labels) = match front.split_once('{') {
        Some((suffix, labels)) => (suffix, read_labels(labels.strip_suffix('}')?)?),
        None => (front, Labels::new()),
    };
    Some(Sample { suffix, labels, value })
}

/// Labels as they stand between braces: `name="value",…`, with `\` before what would end a value.
fn read_labels(mut text: &str) -> Option<Labels> {
    let mut labels = Labels::new();
    while !text.is_empty() {
        let (name, rest) = text.split_once("=\"")?;
        let mut value = String::new();
        let mut characters = rest.chars();
        loop {
            match characters.next()? {
                '"' => break,
                '\\' => match characters.next()? {
                    'n' => value.push('\n'),
                    escaped => value.push(escaped),
                },
                character => value.push(character),
            }
        }
        labels.insert(name.to_owned(), value);
        let rest = characters.as_str();
        text = rest.strip_prefix(',').unwrap_or(rest);
    }
    Some(labels)
}

fn metric(family: Family<'_>, at_ns: u64) -> Metric {
    let Family { name, help, kind, unit, samples } = family;
    let temporality = AggregationTemporality::Cumulative.into();
    let data = match kind {
        "counter" => Data::Sum(Sum {
            data_points: numbers(samples, at_ns),
            aggregation_temporality: temporality,
            is_monotonic: true,
        }),
        "histogram" => Data::Histogram(Histogram {
            data_points: histograms(samples, at_ns),
            aggregation_temporality: temporality,
        }),
        _ => Data::Gauge(Gauge { data_points: numbers(samples, at_ns) }),
    };
    let bare = name.strip_suffix(unit).map_or(name, |bare| bare.trim_end_matches('_'));
    Metric {
        name: bare.replace('_', "."),
        description: help.to_owned(),
        unit: if unit == "seconds" { "s" } else { unit }.to_owned(),
        data: Some(data),
        ..Metric::default()
    }
}

fn numbers(samples: Vec<Sample<'_>>, at_ns: u64) -> Vec<NumberDataPoint> {
    let number = |Sample { labels, value, .. }: Sample<'_>| NumberDataPoint {
        attributes: attributes(labels),
        time_unix_nano: at_ns,
        value: value.parse().map(Value::AsInt).or_else(|_| value.parse().map(Value::AsDouble)).ok(),
        ..NumberDataPoint::default()
    };
    samples.into_iter().map(number).collect()
}

/// Histograms, one for each set of labels. Their buckets hold what those before them do not.
fn histograms(samples: Vec<Sample<'_>>, at_ns: u64) -> Vec<HistogramDataPoint> {
    let mut points: BTreeMap<Labels, HistogramDataPoint> = BTreeMap::new();
    for Sample { suffix, mut labels, value } in samples {
        let bound = labels.remove(BOUND);
        let point = points.entry(labels).or_default();
        match suffix {
            "_sum" => point.sum = value.parse().ok(),
            "_count" => point.count = value.parse().unwrap_or(0),
            _ => {
                let within: u64 = value.parse().unwrap_or(0);
                let before: u64 = point.bucket_counts.iter().sum();
                point.bucket_counts.push(within.saturating_sub(before));
                let bound = bound.and_then(|bound| bound.parse().ok());
                point.explicit_bounds.extend(bound.filter(|bound: &f64| bound.is_finite()));
            }
        }
    }
    let filled = |(labels, point)| HistogramDataPoint {
        attributes: attributes(labels),
        time_unix_nano: at_ns,
        ..point
    };
    points.into_iter().map(filled).collect()
}

fn attributes(labels: Labels) -> Vec<KeyValue> {
    let attribute = |(key, value)| KeyValue {
        key,
        value: Some(AnyValue { value: Some(any_value::Value::StringValue(value)) }),
        ..KeyValue::default()
    };
    labels.into_iter().map(attribute).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r##"# HELP annals_operations Calls of operations.
# TYPE annals_operations counter
annals_operations_total{operation="list"} 4
annals_operations_total{operation="a\"b\\c,d=\"e\nf} 1"} 2
# HELP annals_operation_errors Calls of operations that failed.
# TYPE annals_operation_errors counter
# HELP annals_lock_wait_seconds How long appends waited for their lock.
# TYPE annals_lock_wait_seconds histogram
# UNIT annals_lock_wait_seconds seconds
annals_lock_wait_seconds_sum 0.75
annals_lock_wait_seconds_count 7
annals_lock_wait_seconds_bucket{le="0.1"} 4
annals_lock_wait_seconds_bucket{le="0.5"} 6
annals_lock_wait_seconds_bucket{le="+Inf"} 7
# HELP annals_store_bytes Bytes of all histories.
# TYPE annals_store_bytes gauge
annals_store_bytes 1.5
# EOF
"##;

    fn read() -> Vec<Metric> {
        metrics(TEXT, Timestamp::from_micros(5).unwrap())
    }

    #[test]
    fn names_have_dots_and_units_of_their_own_and_families_of_nothing_are_left_out() {
        let names: Vec<_> = read().into_iter().map(|metric| (metric.name, metric.unit)).collect();
        let owned = |name: &str, unit: &str| (name.to_owned(), unit.to_owned());
        assert_eq!(
            names,
            [
                owned("annals.operations", ""),
                owned("annals.lock.wait", "s"),
                owned("annals.store.bytes", ""),
            ]
        );
    }

    #[test]
    fn a_counter_keeps_its_values_and_labels_whatever_is_in_them() {
        let Some(Data::Sum(sum)) = read().remove(0).data else { panic!("a sum") };
        assert!(sum.is_monotonic);
        let values: Vec<_> = sum.data_points.iter().map(|point| point.value).collect();
        assert_eq!(values, [Some(Value::AsInt(4)), Some(Value::AsInt(2))]);
        let Some(any_value::Value::StringValue(label)) =
            sum.data_points[1].attributes[0].value.clone().unwrap().value
        else {
            panic!("a text")
        };
        assert_eq!(label, "a\"b\\c,d=\"e\nf} 1");
        assert_eq!(sum.data_points[0].time_unix_nano, 5_000);
    }

    #[test]
    fn buckets_of_a_histogram_do_not_hold_those_before_them() {
        let Some(Data::Histogram(histogram)) = read().remove(1).data else { panic!("one") };
        let [point] = &histogram.data_points[..] else { panic!("one point") };
        assert_eq!((point.count, point.sum), (7, Some(0.75)));
        assert_eq!(point.explicit_bounds, [0.1, 0.5]);
        assert_eq!(point.bucket_counts, [4, 2, 1]);
    }

    #[test]
    fn a_gauge_need_not_be_whole() {
        let Some(Data::Gauge(gauge)) = read().remove(2).data else { panic!("a gauge") };
        assert_eq!(gauge.data_points[0].value, Some(Value::AsDouble(1.5)));
    }
}
