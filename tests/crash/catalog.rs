//! The catalog after a crash, whatever of it has reached the medium: it is never synced, and after
//! the next start of the machine nobody believes it. So the other tests here, which go through
//! every state of a medium, do without one.

use std::path::Path;
use std::sync::Arc;

use annals::disk::{Access, Disk as _, MemoryDisk};
use annals::journal::Settings;
use annals::repository::{FileSystemRepository, SessionRepository as _};
use annals::vocabulary::SessionFilter;

use crate::operation::Operation;
use crate::session::STORE;
use crate::world::{World, settings, store_at_rest};

/// What a process that has read nothing yet lists.
fn listed(memory: &MemoryDisk, catalog: bool) -> Vec<String> {
    let options = Settings { catalog, ..settings() };
    let disk = Arc::new(memory.clone());
    let repository = FileSystemRepository::open_with(disk, STORE, options).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let listing = runtime.block_on(repository.list(&SessionFilter::everything())).unwrap();
    let mut rows: Vec<_> = listing.sessions.iter().map(|state| format!("{state:?}")).collect();
    rows.extend(listing.findings.iter().map(|finding| format!("{finding:?}")));
    rows.extend(listing.unreadable.iter().map(|one| format!("{one:?}")));
    rows
}

/// Lets the system store all of the catalog, as it may at any time.
fn store_catalog(memory: &MemoryDisk) {
    let folder = Path::new(STORE).join("catalog");
    let Ok(names) = memory.list_dir(&folder) else { return };
    for (name, _) in names {
        memory.open(&folder.join(name), Access::Write).unwrap().sync_data().unwrap();
    }
    memory.sync_dir(&folder).unwrap();
    memory.sync_dir(Path::new(STORE)).unwrap();
}

/// Pairs of operations, with a listing between them that fills the catalog; what the system stores
/// of it by itself is nothing, what it was before the second operation, or all.
#[test]
fn after_a_crash_listing_says_what_the_journals_say_whatever_is_left_of_the_catalog() {
    for first in Operation::ALL {
        for second in Operation::ALL {
            for stored in ["nothing", "what was there before", "all"] {
                let memory = store_at_rest().disk();
                let options = Settings { catalog: true, ..settings() };
                let world = World::on(memory.clone(), Arc::new(memory.clone()), options);
                first.prepare(&world);
                first.run(&world, 1);
                listed(&memory, true);
                if stored == "what was there before" {
                    store_catalog(&memory);
                }
                second.prepare(&world);
                second.run(&world, 2);
                if stored == "all" {
                    store_catalog(&memory);
                }
                let after = memory.crash();
                let place = format!("{first:?}, {second:?}, {stored} of the catalog stored");
                assert_eq!(listed(&after, true), listed(&after, false), "{place}");
                assert_eq!(listed(&after, true), listed(&after, false), "{place}, once more");
            }
        }
    }
}
