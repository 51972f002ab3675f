//! Starts a runtime of one thread, and has something done on another.

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(async { tokio::task::spawn_blocking(|| {}).await.unwrap() });
}
