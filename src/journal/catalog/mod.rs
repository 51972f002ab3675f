//! The catalog: what a listing needs to know of every session, without opening any.
//!
//! `docs/catalog.md` says how it is kept and why it can be believed. It is derived from the
//! journals, never asked whether a session exists, and made again when anything about it is wrong.

mod feed;
mod files;
mod folding;
mod following;
mod forgetting;
mod layers;
mod looking;
mod measuring;
mod remembering;
mod settling;
mod unfolded;
mod view;
mod writing;

pub use feed::Feed;
pub use folding::{Folding, fold};
pub use following::{Heard, Position};
pub use forgetting::forget;
pub use layers::Reading;
pub use looking::RACY_NS;
pub use remembering::{remember, remembered};
pub use settling::settle_if_quiet;
pub(super) use settling::{is_sound, stamp_from};
pub use unfolded::Change;
pub use view::{Unusable, View, Watermark};
