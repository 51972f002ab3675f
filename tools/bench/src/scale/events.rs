//! A session that grows by events.

use std::fs;
use std::path::Path;

use annals::repository::Depth;
use annals::vocabulary::SessionId;
use anyhow::{Result, ensure};

use super::Points;
use crate::event::session_id;
use crate::library;
use crate::peer::Durability::{Buffered, Durable};

/// Events that are appended one by one at each size.
const APPENDED: u64 = 100;
/// How often the session is opened.
const OPENED: u64 = 20;

/// Measures a session at each size.
pub(super) fn measure(path: &Path, sizes: &[u64]) -> Result<()> {
    let mut points = Points::beside("events")?;
    let (runtime, session): (_, SessionId) = (library::runtime()?, session_id(0).parse()?);
    let folder = path.join("sessions").join(session.as_str());
    runtime.block_on(library::create(
        &library::cached(library::open(path, Buffered)?),
        &session,
        1,
    ))?;
    let mut events = 1;
    for size in sizes.iter().copied() {
        let manager = library::cached(library::open(path, Buffered)?);
        runtime.block_on(library::lengthen(&manager, &session, events, size))?;
        for (operation, durability) in [("buffered append", Buffered), ("durable append", Durable)]
        {
            let manager = library::cached(library::open(path, durability)?);
            runtime.block_on(manager.get_session(&session))?;
            points.observe(size, operation, APPENDED, || {
                for seq in 0..APPENDED {
                    let message = library::message(session.as_str(), seq);
                    runtime.block_on(manager.record_message(&session, message))?;
                }
                Ok(())
            })?;
        }
        events = size.max(events) + 2 * APPENDED;
        points.observe(size, "open and show", OPENED, || {
            for _ in 0..OPENED {
                let manager = library::cached(library::open(path, Durable)?);
                ensure!(runtime.block_on(manager.get_session(&session))?.seq >= size, "too short");
            }
            Ok(())
        })?;
        points.observe(size, "verify (an event)", events, || {
            let manager = library::cached(library::open(path, Durable)?);
            let findings =
                runtime.block_on(manager.verify_session(&session, &Depth::default()))?.findings;
            ensure!(findings.is_empty(), "{findings:?}");
            Ok(())
        })?;
        for snapshot in ["snapshot.json", "snapshot.previous.json"] {
            let _ = fs::remove_file(folder.join(snapshot));
        }
        points.observe(size, "replay (an event)", events, || {
            let manager = library::cached(library::open(path, Durable)?);
            runtime.block_on(manager.get_session(&session))?;
            Ok(())
        })?;
    }
    Ok(())
}
