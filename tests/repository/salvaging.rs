//! Getting back what lies about in a store.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use annals::disk::{Disk, DiskOperation, Fault, FaultyDisk, FileLock};
use annals::repository::{Repair, RepositoryError, SessionRepository};
use annals::vocabulary::{FindingClass, Holder, Timestamp};

use super::ruins::{Ruins, Salvaged, at};
use super::support::{author, id};

/// Two sessions, of which `pear` has sealed history and snapshots, and `plum` has neither.
async fn orchard() -> Ruins {
    let ruins = Ruins::new();
    ruins.session("pear", 30, true).await;
    ruins.session("plum", 6, false).await;
    ruins
}

fn segment_of_pear(ruins: &Ruins) -> String {
    let names = ruins.memory.list_dir(&at("sessions/pear/segments")).unwrap();
    format!("sessions/pear/segments/{}", names[0].0)
}

/// Plans, does, and does it again: the plan must be what is done, and the second time nothing.
async fn salvage(ruins: &Ruins) -> Salvaged {
    let before = ruins.memory.image();
    let planned = ruins.salvage(Repair::Plan).await;
    assert!(ruins.memory.image() == before, "a plan changes nothing");
    let done = ruins.salvage(Repair::Apply).await;
    assert_eq!(planned.salvage.adopted, done.salvage.adopted);
    assert_eq!(planned.salvage.left, done.salvage.left);
    for (session, recovery) in &done.sessions {
        match (recovery, &planned.sessions[session]) {
            (Ok(done), Ok(planned)) => assert_eq!(done, planned),
            (Err(done), Err(planned)) => assert_eq!(done.to_string(), planned.to_string()),
            differ => panic!("{differ:?}"),
        }
    }
    let image = ruins.image_without_locks();
    let again = ruins.salvage(Repair::Apply).await;
    assert_eq!(again.salvage.adopted, []);
    assert!(again.sessions.values().flatten().all(|recovery| !recovery.changed));
    assert!(ruins.image_without_locks() == image);
    done
}

fn lost(salvaged: &Salvaged, session: &str) -> Vec<(u64, u64)> {
    let recovery = salvaged.sessions[&id(session)].as_ref().unwrap();
    recovery.lost.iter().map(|lost| (lost.first_seq, lost.last_seq)).collect()
}

async fn seqs(ruins: &Ruins, session: &str) -> Vec<u64> {
    ruins.records(&id(session)).await.into_keys().collect()
}

#[tokio::test]
async fn nothing_is_done_to_a_store_that_is_whole() {
    let ruins = orchard().await;
    let image = ruins.image_without_locks();
    let done = salvage(&ruins).await;
    assert_eq!(done.salvage.left, []);
    assert!(ruins.image_without_locks() == image);
}

#[tokio::test]
async fn segments_and_a_snapshot_make_a_journal_that_is_gone() {
    let ruins = orchard().await;
    ruins.remove("sessions/pear/journal.jsonl");
    let state = annals_state(&ruins).await;
    let done = salvage(&ruins).await;
    assert_eq!(lost(&done, "pear"), [(27, 30)]);
    assert_eq!(seqs(&ruins, "pear").await, (1..=26).chain([31]).collect::<Vec<_>>());
    assert_eq!(ruins.errors(&id("pear")).await, []);
    let loaded = ruins.open().unwrap().load(&id("pear")).await.unwrap();
    assert_eq!(loaded.state.message_count, state, "the snapshot has counted what is lost");
}

/// How many messages `pear` had.
async fn annals_state(_ruins: &Ruins) -> u64 {
    let whole = orchard().await;
    whole.open().unwrap().load(&id("pear")).await.unwrap().state.message_count
}

#[tokio::test]
async fn a_snapshot_alone_keeps_the_state_and_says_that_the_records_are_lost() {
    let ruins = orchard().await;
    let messages = annals_state(&ruins).await;
    ruins.remove("sessions/pear/journal.jsonl");
    ruins.memory.remove_dir_all(&at("sessions/pear/segments")).unwrap();
    let done = salvage(&ruins).await;
    assert_eq!(lost(&done, "pear"), [(0, 30)]);
    assert_eq!(seqs(&ruins, "pear").await, [31]);
    assert_eq!(ruins.errors(&id("pear")).await, []);
    let loaded = ruins.open().unwrap().load(&id("pear")).await.unwrap();
    assert_eq!(loaded.state.message_count, messages);
    assert_eq!(loaded.state.name.unwrap().as_str(), "pear 24");
}

#[tokio::test]
async fn segments_without_a_snapshot_prove_that_one_more_record_was_there() {
    let ruins = orchard().await;
    for name in ["journal.jsonl", "snapshot.json", "snapshot.previous.json"] {
        ruins.remove(&format!("sessions/pear/{name}"));
    }
    let done = salvage(&ruins).await;
    assert_eq!(lost(&done, "pear"), [(27, 27)]);
    assert_eq!(seqs(&ruins, "pear").await, (1..=26).chain([28]).collect::<Vec<_>>());
    assert_eq!(ruins.errors(&id("pear")).await, []);
}

#[tokio::test]
async fn where_nothing_is_left_it_is_said_and_nothing_is_changed() {
    let ruins = orchard().await;
    ruins.remove("sessions/plum/journal.jsonl");
    ruins.memory.remove_dir_all(&at("sessions/plum/blobs")).unwrap();
    let before = ruins.memory.image();
    let done = salvage(&ruins).await;
    let Err(RepositoryError::Corrupted { finding, .. }) = &done.sessions[&id("plum")] else {
        panic!("plum cannot be proved")
    };
    assert!(finding.message.contains("the journal is gone"), "{}", finding.message);
    assert!(done.sessions[&id("pear")].is_ok());
    let folder = |image: super::ruins::Image| {
        image.into_keys().filter(|path| path.starts_with(at("sessions/plum"))).collect::<Vec<_>>()
    };
    assert_eq!(folder(ruins.memory.image()), folder(before));
}

#[tokio::test]
async fn a_journal_that_was_copied_over_another_is_set_aside_and_that_one_made_anew() {
    let ruins = orchard().await;
    let plum = ruins.bytes("sessions/plum/journal.jsonl");
    ruins.put(&at("sessions/pear/journal.jsonl"), &plum);
    let done = salvage(&ruins).await;
    assert_eq!(lost(&done, "pear"), [(27, 30)]);
    let recovery = done.sessions[&id("pear")].as_ref().unwrap();
    assert_eq!(recovery.findings[0].class, FindingClass::Header);
    let recovery = done.sessions[&id("plum")].as_ref().unwrap();
    assert!(ruins.bytes(&format!("sessions/plum/{}", recovery.quarantined[0])) == plum);
    assert!(ruins.bytes("sessions/plum/journal.jsonl") == plum);
    assert_eq!(ruins.errors(&id("pear")).await, []);
}

#[tokio::test]
async fn a_session_recovered_alone_sets_a_foreign_journal_aside_in_its_own_quarantine() {
    let ruins = orchard().await;
    let plum = ruins.bytes("sessions/plum/journal.jsonl");
    ruins.put(&at("sessions/pear/journal.jsonl"), &plum);
    let repository = ruins.open().unwrap();
    let planned = repository.recover(&id("pear"), Repair::Plan, &super::author()).await.unwrap();
    let done = repository.recover(&id("pear"), Repair::Apply, &super::author()).await.unwrap();
    assert_eq!(done, planned);
    assert!(ruins.bytes(&format!("sessions/pear/{}", done.quarantined[0])) == plum);
    assert_eq!(ruins.errors(&id("pear")).await, []);
    let longer = ruins.bytes("sessions/plum/journal.jsonl");
    ruins.put(&at("sessions/pear/snapshot.previous.json"), &longer);
    ruins.put(&at("sessions/pear/journal.jsonl"), b"");
    let done = repository.recover(&id("pear"), Repair::Apply, &super::author()).await.unwrap();
    let aside: Vec<_> =
        done.quarantined.iter().map(|name| format!("sessions/pear/{name}")).collect();
    assert!(aside.iter().any(|name| ruins.bytes(name) == longer), "nobody's history is removed");
    ruins.memory.remove_dir_all(&at("sessions/pear")).unwrap();
    ruins.put(&at("sessions/pear/journal.jsonl"), &plum);
    let image = ruins.memory.image();
    let refused = repository.recover(&id("pear"), Repair::Apply, &super::author()).await;
    let Err(RepositoryError::Corrupted { finding, .. }) = refused else { panic!("{refused:?}") };
    assert!(finding.message.contains("that of another session: plum"), "{}", finding.message);
    assert!(ruins.memory.image() == image, "nothing is changed");
}

#[tokio::test]
async fn a_journal_over_another_goes_home_where_its_session_has_lost_it() {
    for whole_folder in [false, true] {
        let ruins = orchard().await;
        ruins.rename("sessions/plum/journal.jsonl", "sessions/pear/journal.jsonl");
        if whole_folder {
            ruins.memory.remove_dir_all(&at("sessions/plum")).unwrap();
        }
        let done = salvage(&ruins).await;
        assert_eq!(done.salvage.adopted[0].to, "sessions/plum/journal.jsonl");
        assert_eq!(lost(&done, "pear"), [(27, 30)]);
        assert_eq!(lost(&done, "plum"), []);
        assert_eq!(seqs(&ruins, "plum").await, (1..=6).collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn a_store_that_has_lost_what_makes_it_one_gets_it_back() {
    for form in [None, Some(b"nonsense".as_slice())] {
        let ruins = orchard().await;
        ruins.remove("store.json");
        if let Some(bytes) = form {
            ruins.put(&at("store.json"), bytes);
        }
        let repository = ruins.open().unwrap();
        let refused = repository.ids().await.unwrap_err();
        assert!(matches!(refused, RepositoryError::NotAStore { .. }), "{refused}");
        let done = salvage(&ruins).await;
        assert!(done.salvage.store_restored);
        assert_eq!(ruins.open().unwrap().ids().await.unwrap(), [id("pear"), id("plum")]);
    }
}

#[tokio::test]
async fn what_is_no_store_is_not_made_one() {
    let ruins = Ruins::new();
    ruins.put(&at("sessions/2024/notes.txt"), b"photos");
    ruins.put(&at("readme"), b"mine");
    let before = ruins.memory.image();
    assert!(matches!(ruins.open(), Err(RepositoryError::NotAStore { .. })));
    assert_eq!(ruins.memory.image(), before);
}

#[tokio::test]
async fn folders_under_wrong_names_are_brought_back_whole() {
    for wrong in ["sessions/pear (copy)", "sessions/apple", "#12345", "lost+found/#77"] {
        let ruins = orchard().await;
        ruins.memory.create_dir_all(&at("lost+found")).unwrap();
        let before = ruins.records(&id("pear")).await;
        ruins.rename("sessions/pear", wrong);
        let done = salvage(&ruins).await;
        assert_eq!(done.salvage.adopted.len(), 1, "{wrong}");
        assert_eq!(done.salvage.adopted[0].from, wrong);
        assert_eq!(lost(&done, "pear"), []);
        assert_eq!(ruins.records(&id("pear")).await, before);
        assert_eq!(ruins.errors(&id("pear")).await, []);
        assert_eq!(done.salvage.left, []);
    }
}

#[tokio::test]
async fn files_under_wrong_names_are_brought_back() {
    let ruins = orchard().await;
    let before = (ruins.records(&id("pear")).await, ruins.records(&id("plum")).await);
    let segment = segment_of_pear(&ruins);
    ruins.rename(&segment, "#1");
    ruins.rename("sessions/pear/journal.jsonl", "sessions/#2");
    ruins.rename("sessions/pear/snapshot.json", "sessions/plum/#3");
    ruins.rename("sessions/plum/journal.jsonl", "sessions/plum/journal (1).jsonl");
    let texts = ruins.memory.list_dir(&at("sessions/plum/blobs")).unwrap();
    let text = format!("sessions/plum/blobs/{}", texts[0].0);
    ruins.rename(&text, "sessions/plum/some text");
    let done = salvage(&ruins).await;
    assert_eq!((lost(&done, "pear"), lost(&done, "plum")), (vec![], vec![]));
    let after = (ruins.records(&id("pear")).await, ruins.records(&id("plum")).await);
    assert_eq!(after, before);
    assert!(ruins.exists(&segment) && ruins.exists(&text));
    assert!(ruins.exists("sessions/pear/snapshot.json"));
    for session in ["pear", "plum"] {
        assert_eq!(ruins.errors(&id(session)).await, []);
    }
}

#[tokio::test]
async fn of_two_journals_of_one_session_the_one_in_place_stays() {
    let ruins = orchard().await;
    let old = ruins.bytes("sessions/plum/journal.jsonl");
    ruins.memory.remove_dir_all(&at("sessions/plum")).unwrap();
    ruins.session("plum", 3, false).await;
    let new = ruins.bytes("sessions/plum/journal.jsonl");
    ruins.put(&at("#9"), &old);
    let done = salvage(&ruins).await;
    assert!(ruins.bytes("sessions/plum/journal.jsonl") == new);
    let recovery = done.sessions[&id("plum")].as_ref().unwrap();
    assert!(ruins.bytes(&format!("sessions/plum/{}", recovery.quarantined[0])) == old);
    assert!(recovery.findings[0].message.contains("another journal of this session"));
}

#[tokio::test]
async fn a_longer_copy_gives_a_journal_what_it_lacks() {
    let ruins = orchard().await;
    let before = ruins.records(&id("plum")).await;
    let whole = ruins.bytes("sessions/plum/journal.jsonl");
    ruins.put(&at("sessions/plum/journal.jsonl.bak"), &whole);
    let cut: usize = whole.split_inclusive(|&byte| byte == b'\n').take(4).map(<[u8]>::len).sum();
    ruins.put(&at("sessions/plum/journal.jsonl"), &whole[..cut]);
    let done = salvage(&ruins).await;
    assert_eq!(lost(&done, "plum"), []);
    let mut after = ruins.records(&id("plum")).await;
    assert!(after.remove(&7).is_some(), "the note of the recovery");
    assert_eq!(after, before);
    assert_eq!(ruins.errors(&id("plum")).await, []);
    assert!(!ruins.exists("sessions/plum/journal.jsonl.bak"), "it is in quarantine");
}

#[tokio::test]
async fn a_copy_that_went_another_way_does_not_mix_with_the_journal() {
    let ruins = orchard().await;
    let common = ruins.bytes("sessions/plum/journal.jsonl");
    let said = |text| super::message(text);
    let place = |command| annals::vocabulary::Append::one(command, super::author());
    let repository = ruins.open().unwrap();
    for text in ["one", "two"] {
        repository.append(&id("plum"), place(said(text))).await.unwrap();
    }
    repository.compact(&id("plum"), 100).await.unwrap();
    let other = ruins.bytes("sessions/plum/journal.jsonl");
    ruins.put(&at("sessions/plum/journal.jsonl"), &common);
    ruins.remove("sessions/plum/snapshot.json");
    let repository = ruins.open().unwrap();
    repository.append(&id("plum"), place(said("three"))).await.unwrap();
    let kept = ruins.bytes("sessions/plum/journal.jsonl");
    // It waits for the writer to be done.
    repository.compact(&id("plum"), 100).await.unwrap();
    ruins.put(&at("sessions/plum/old"), &other);
    let done = salvage(&ruins).await;
    assert!(ruins.bytes("sessions/plum/journal.jsonl") == kept);
    let recovery = done.sessions[&id("plum")].as_ref().unwrap();
    assert_eq!(recovery.findings[0].seq, Some(7));
    assert!(ruins.bytes(&format!("sessions/plum/{}", recovery.quarantined[0])) == other);
    assert_eq!(ruins.errors(&id("plum")).await, []);
}

#[tokio::test]
async fn segments_vouch_for_a_journal_without_header_and_with_one_record() {
    let ruins = orchard().await;
    for name in ["snapshot.json", "snapshot.previous.json"] {
        ruins.remove(&format!("sessions/pear/{name}"));
    }
    let whole = ruins.bytes("sessions/pear/journal.jsonl");
    let line = whole.split_inclusive(|&byte| byte == b'\n').nth(1).unwrap();
    ruins.put(&at("sessions/pear/journal.jsonl"), &[b"damage\n", line].concat());
    let loaded = ruins.open().unwrap().load(&id("pear")).await.unwrap();
    assert_eq!(loaded.state.seq, 27, "it can be read before it is recovered");
    salvage(&ruins).await;
    assert_eq!(seqs(&ruins, "pear").await, (1..=28).collect::<Vec<_>>());
    assert_eq!(ruins.errors(&id("pear")).await, []);
}

#[tokio::test]
async fn what_nobody_owns_stays_and_is_named() {
    let ruins = orchard().await;
    let whole = ruins.bytes("sessions/plum/journal.jsonl");
    ruins.memory.remove_dir_all(&at("sessions/plum")).unwrap();
    let first: usize = whole.iter().position(|&byte| byte == b'\n').unwrap() + 1;
    ruins.put(&at("#1"), &whole[first..]);
    ruins.put(&at("sessions/junk"), b"junk");
    ruins.memory.link(&at("sessions/link")).unwrap();
    let done = salvage(&ruins).await;
    let left: Vec<&str> = done.salvage.left.iter().map(|left| left.path.as_str()).collect();
    assert_eq!(left, ["sessions/link", "#1", "sessions/junk"]);
    assert!(ruins.bytes("#1") == whole[first..]);
}

/// `pear` in a folder under a wrong name with its segment elsewhere, `plum` without its journal, and
/// no `store.json`: all of it durable.
async fn scattered() -> Ruins {
    let ruins = orchard().await;
    ruins.remove("store.json");
    ruins.rename("sessions/pear", "sessions/some pear");
    let folder = "sessions/some pear/segments";
    let segment = ruins.memory.list_dir(&at(folder)).unwrap().remove(0).0;
    ruins.rename(&format!("{folder}/{segment}"), "#1");
    ruins.rename("sessions/plum/journal.jsonl", "#2");
    for changed in ["/", "/store", "/store/sessions", "/store/sessions/plum"] {
        ruins.memory.sync_dir(std::path::Path::new(changed)).unwrap();
    }
    ruins.memory.sync_dir(&at(folder)).unwrap();
    ruins
}

#[tokio::test]
async fn a_salvage_that_is_cut_short_anywhere_goes_on_the_next_time() {
    use DiskOperation as Op;
    let whole = orchard().await;
    let before = (whole.records(&id("pear")).await, whole.records(&id("plum")).await);
    let mut cuts = 0;
    for operation in [Op::Rename, Op::SyncDir, Op::SyncData, Op::Write, Op::CreateDir, Op::Open] {
        for nth in 1.. {
            let ruins = scattered().await;
            let faulty = FaultyDisk::new(Arc::new(ruins.memory.clone()));
            faulty.fail_from(operation, nth, Fault::Errno(5));
            let done = match ruins.open_over(Arc::new(faulty)) {
                Ok(repository) => ruins.try_salvage(&repository, Repair::Apply).await,
                Err(refused) => Err(refused),
            };
            let is_cut = done.map_or(true, |done| done.sessions.values().any(Result::is_err));
            let survivor = Ruins { memory: ruins.memory.crash() };
            survivor.salvage(Repair::Apply).await;
            let after = (survivor.records(&id("pear")).await, survivor.records(&id("plum")).await);
            let sums = |(pear, plum): &(BTreeMap<_, _>, BTreeMap<_, _>)| (pear.len(), plum.len());
            assert_eq!(sums(&after), sums(&before), "cut short at {operation:?} {nth}");
            assert!(survivor.errors(&id("pear")).await.is_empty());
            if !is_cut {
                break;
            }
            cuts += 1;
        }
    }
    assert!(cuts > 20, "{cuts}");
}

#[tokio::test]
async fn a_removal_that_was_cut_short_is_finished_and_a_session_half_made_is_removed() {
    let ruins = orchard().await;
    for (session, left) in [("pear", ".gone-1"), ("plum", ".new-2")] {
        ruins.rename(&format!("sessions/{session}"), &format!("sessions/{left}"));
    }
    ruins.salvage(Repair::Plan).await;
    assert!(ruins.exists("sessions/.gone-1/journal.jsonl"));
    ruins.salvage(Repair::Apply).await;
    assert_eq!(ruins.memory.list_dir(&at("sessions")).unwrap(), []);
}

#[tokio::test]
async fn a_purge_that_was_cut_short_is_finished_by_asking_for_it_again() {
    let ruins = orchard().await;
    ruins.rename("sessions/pear", "sessions/.gone-1");
    let refused = ruins.open().unwrap().delete(&id("pear")).await.unwrap_err();
    assert!(matches!(refused, RepositoryError::NotFound { .. }));
    assert!(!ruins.exists("sessions/.gone-1"));
    assert!(ruins.exists("sessions/plum"));
}

#[tokio::test]
async fn what_somebody_is_making_or_removing_is_left_alone() {
    let ruins = orchard().await;
    ruins.rename("sessions/pear", "sessions/.gone-1");
    ruins.rename("sessions/plum", "sessions/.new-2");
    let held = [".gone-1", ".new-2"]
        .map(|name| FileLock::open(&ruins.memory, &at(&format!("sessions/{name}/lock"))).unwrap());
    let holder = Holder { by: author(), since: Timestamp::EPOCH };
    let guards = held.each_ref().map(|lock| lock.exclusive(&holder, Duration::ZERO).unwrap());
    ruins.salvage(Repair::Apply).await;
    assert!(ruins.exists("sessions/.gone-1/journal.jsonl"));
    assert!(ruins.exists("sessions/.new-2/journal.jsonl"));
    drop(guards);
}
