//! Makes a cache, and puts something in.

fn main() {
    let cache = moka::sync::Cache::new(1_024);
    cache.insert(1, 2);
    std::hint::black_box(cache.get(&1));
}
