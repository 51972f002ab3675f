//! The journal layer: damage and its verdicts, recovery, faults of the medium, crashes.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    missing_docs,
    unreachable_pub
)]

mod appending;
mod bench;
mod compacting;
mod crashes;
mod damage;
mod faults;
mod findings;
mod recovering;
mod redacting;
mod settling;
mod snapshots;
