//! Writes down what time it is.

fn main() {
    std::hint::black_box(jiff::Timestamp::now().to_string());
}
