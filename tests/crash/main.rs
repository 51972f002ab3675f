//! Every state that a crash of the machine may leave of a store.
//!
//! For every sequence of up to three [operations](operation::Operation) the calls to the medium are
//! recorded. After each call of the last one the machine may go down. [`medium`] says what the
//! medium may then hold: each changed sector of 512 bytes of a file that was not synced in any of
//! the contents that it has had, each length that the file has had, each change of an entry whose
//! directory was not synced kept or lost, all of that in any combination. Each such state is
//! [opened](opening::Opened) as the product opens it, every session in it is read and verified, and
//! gets a next command. The [oracle] allows all acknowledged records, byte for byte and in order,
//! and behind them some of the records under way, in order and without a hole.
//!
//! The same is done for pairs of operations of which the first is cut short by a kill of its
//! process, after each of its calls in turn: what it had not synced is seen by the second process,
//! which may acknowledge nothing that rests on it.
//!
//! Where the independent choices of one moment have more combinations than a bound (1,024, that is
//! ten choices, within two operations; 8 within three and after a kill), a part of them is looked
//! at: see [`choosing::Reach`]. The next command is tried on every eighth state. With `ANNALS_LONG` the
//! bounds are 8,192, 1,024 and 64, and every fourth state goes on. A state is counted once, whatever
//! its lock files say, and not if the sequence without its last operation has it too.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_types,
    clippy::disallowed_methods,
    missing_docs,
    unreachable_pub,
    reason = "tests"
)]

mod broken_media;
mod catalog;
mod choosing;
mod every_state;
mod exploring;
#[path = "../support/figures.rs"]
mod figures;
mod found;
mod history;
mod image;
mod interception;
mod medium;
mod opening;
mod operation;
mod oracle;
mod session;
mod world;
