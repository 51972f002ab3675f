//! The catalog hides no session and has no wrong row, whatever becomes of it.

mod announced;
mod by_hand;
mod crashing;
mod damaged;
mod followed;
mod forgetful;
mod killed;
mod layered;
mod measured;
mod reads;
pub mod scene;
mod stopped;
mod told;
#[cfg(feature = "cache")]
mod unchanged;

pub use forgetful::Forgetful;
