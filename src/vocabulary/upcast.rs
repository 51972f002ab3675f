//! Reading events that older versions of annals wrote.
//!
//! The data of an event may carry `"v"`, the version of its shape; without it the version is 1.
//! When a shape changes, the kind's version goes up by one and an [`Upcaster`] from the old shape
//! is added to [`Upcasts::CURRENT`]; the bytes in journals stay as they are for ever. A version
//! above the newest known is preserved as an unknown event.

use serde_json::{Map, Value};

use super::EventKind;

/// Raises the data of one kind from one version to the next.
#[derive(Debug, Clone, Copy)]
pub struct Upcaster {
    /// The kind.
    pub kind: EventKind,
    /// The version it reads; it makes the next one.
    pub from_version: u64,
    /// The change. It must be pure.
    pub raise: fn(Map<String, Value>) -> Map<String, Value>,
}

/// A set of upcasters.
#[derive(Debug, Clone, Copy)]
pub struct Upcasts(&'static [Upcaster]);

/// What became of a record's data.
pub(super) enum Upcast {
    /// They were of the newest version.
    Current,
    /// They are now, as this text.
    Raised(String),
    /// They are of a version that this program does not know.
    Newer,
}

impl Upcasts {
    /// The upcasters of this version of annals. Format 1 is the first, so there are none yet.
    pub const CURRENT: Self = Self(&[]);

    /// A set of one's own.
    #[must_use]
    pub const fn new(upcasters: &'static [Upcaster]) -> Self {
        Self(upcasters)
    }

    /// The newest version of a kind that this set knows.
    #[must_use]
    pub fn newest_version(&self, kind: EventKind) -> u64 {
        let raised = self.0.iter().filter(|upcaster| upcaster.kind == kind);
        raised.map(|upcaster| upcaster.from_version + 1).max().unwrap_or(1)
    }

    /// Brings data up to the newest version of their kind.
    pub(super) fn apply(&self, kind: EventKind, data: &str) -> Result<Upcast, serde_json::Error> {
        // Only data that mention a version, or a kind whose shape has changed, need the slow path.
        let newest = self.newest_version(kind);
        if newest == 1 && !data.contains("\"v\":") {
            return Ok(Upcast::Current);
        }
        let mut map: Map<String, Value> = serde_json::from_str(data)?;
        let mut version = map.get("v").and_then(Value::as_u64).unwrap_or(1);
        if version > newest {
            return Ok(Upcast::Newer);
        }
        if version == newest {
            return Ok(Upcast::Current);
        }
        while let Some(upcaster) =
            self.0.iter().find(|known| known.kind == kind && known.from_version == version)
        {
            map = (upcaster.raise)(map);
            version += 1;
        }
        serde_json::to_string(&map).map(Upcast::Raised)
    }
}
