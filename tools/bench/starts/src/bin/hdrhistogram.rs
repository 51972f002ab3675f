//! Makes a histogram of durations up to an hour, and puts one in.

fn main() {
    let mut histogram =
        hdrhistogram::Histogram::<u64>::new_with_bounds(1, 3_600_000_000, 2).unwrap();
    histogram.record(250).unwrap();
    std::hint::black_box(histogram.len());
}
