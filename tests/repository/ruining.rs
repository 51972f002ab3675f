//! Files of a whole store removed, renamed and copied over each other at random: whatever is still
//! in some file is back afterwards, or named.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use annals::disk::Disk;
use annals::repository::{Repair, RepositoryError};
use annals::vocabulary::{FindingClass, SessionId};

use super::figures::{figure, long_form};
use super::ruins::{Image, Known, Ruins, Salvaged, at, journals_in, records_in};

const STORES: u64 = 120;
const STORES_LONG: u64 = 4_000;

/// A SplitMix64 generator.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % bound as u64).unwrap()
    }

    fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }
}

fn name(number: u64) -> String {
    format!("tree-{number:02}")
}

/// Twelve sessions: long and short, sealed and not, with snapshots and without, with long texts.
async fn orchard() -> Image {
    let ruins = Ruins::new();
    for number in 0..12 {
        ruins.session(&name(number), 2 + 3 * number, number % 3 == 1).await;
    }
    ruins.memory.image()
}

fn ruin(ruins: &Ruins, dice: &mut Dice) -> Vec<String> {
    let mut told = Vec::new();
    for turn in 0..=dice.below(10) {
        // Whoever locks writes over what is in a lock; and of the catalog, whose files have names that
        // nobody else gives, nothing is kept.
        let is_kept = |path: &PathBuf| !path.ends_with("lock") && !path.starts_with(at("catalog"));
        let files = ruins.memory.image().into_keys().filter(is_kept);
        let files: Vec<PathBuf> = files.collect();
        let folders: Vec<PathBuf> =
            files.iter().map(|file| file.parent().unwrap().into()).collect();
        let from = dice.pick(&files).clone();
        let strange = ["#12345", "journal (1).jsonl", "snapshot.json.bak", "a.jsonl.zst", "x"];
        let strange = format!("{}{turn}", dice.pick(&strange));
        let to = match dice.below(8) {
            0 | 1 => {
                ruins.memory.remove_file(&from).unwrap();
                told.push(format!("rm {from:?}"));
                continue;
            }
            2 => dice.pick(&folders).join(strange),
            3 => from.with_file_name(strange),
            4 => {
                let from = at(&format!("sessions/{}", name(dice.below(12) as u64)));
                let to = dice.pick(&[at(&strange), at(&format!("sessions/{strange}"))]).clone();
                told.push(format!("mv {from:?} {to:?}"));
                if ruins.memory.info(&from).unwrap().is_some() {
                    ruins.memory.rename_new(&from, &to).unwrap();
                }
                continue;
            }
            5 => {
                let to = dice.pick(&files).clone();
                told.push(format!("mv {from:?} {to:?}"));
                ruins.memory.rename(&from, &to).unwrap();
                continue;
            }
            _ => dice.pick(&files).clone(),
        };
        told.push(format!("cp {from:?} {to:?}"));
        let bytes = ruins.memory.image()[&from].clone();
        ruins.put(&to, &bytes);
    }
    told
}

/// The records that are in some file, but neither read nor named.
async fn missed(
    ruins: &Ruins,
    done: &Salvaged,
    surviving: Vec<(Known, PathBuf)>,
) -> Vec<(Known, PathBuf)> {
    let mut readable: BTreeSet<Known> = BTreeSet::new();
    for session in done.sessions.keys() {
        let records = ruins.records(session).await;
        readable.extend(records.into_iter().map(|(seq, link)| (session.clone(), seq, link)));
    }
    let left: BTreeSet<PathBuf> = done.salvage.left.iter().map(|left| at(&left.path)).collect();
    let mut missed = surviving;
    missed.retain(|(known, path)| {
        let is_refused =
            matches!(done.sessions.get(&known.0), Some(Err(RepositoryError::Corrupted { .. })));
        !readable.contains(known) && !left.contains(path) && !is_refused
    });
    missed
}

async fn check_plan(ruins: &Ruins) -> Salvaged {
    let before = ruins.memory.image();
    let planned = ruins.salvage(Repair::Plan).await;
    assert!(ruins.memory.image() == before, "a plan changes nothing");
    planned
}

fn is_as_planned(planned: &Salvaged, done: &Salvaged, session: &SessionId) -> bool {
    match (&planned.sessions.get(session), &done.sessions[session]) {
        (Some(Ok(planned)), Ok(done)) => planned == done,
        (Some(Err(planned)), Err(done)) => planned.to_string() == done.to_string(),
        _ => false,
    }
}

async fn try_one(whole: &Image, seed: u64) {
    let ruins = Ruins::of(whole);
    let told = ruin(&ruins, &mut Dice(seed));
    let damaged = ruins.memory.image();
    let surviving = records_in(&damaged, &journals_in(whole));
    let planned = check_plan(&ruins).await;
    let done = ruins.salvage(Repair::Apply).await;
    let context = || format!("seed {seed}: {told:#?}");
    for session in done.sessions.keys() {
        assert!(
            is_as_planned(&planned, &done, session),
            "{}\n{session}: {:#?}\nas planned: {:#?}",
            context(),
            done.sessions[session],
            planned.sessions.get(session)
        );
    }
    let missed = missed(&ruins, &done, surviving).await;
    if let Some(((session, ..), _)) = missed.first() {
        let came_to = &done.sessions.get(session);
        panic!("{}\n{missed:#?}\n{session}: {came_to:#?}\n{:#?}", context(), done.salvage);
    }
    for (session, recovery) in &done.sessions {
        let mut errors = ruins.errors(session).await;
        // A text that is gone cannot be made anew.
        errors.retain(|finding| finding.class != FindingClass::MissingBlob);
        assert!(recovery.is_err() || errors.is_empty(), "{}\n{errors:#?}", context());
    }
    let image = ruins.image_without_locks();
    let again = ruins.salvage(Repair::Apply).await;
    assert!(again.salvage.adopted.is_empty(), "{}\n{:#?}", context(), again.salvage);
    for (session, recovery) in &again.sessions {
        assert!(
            recovery.as_ref().is_ok_and(|it| !it.changed) || recovery.is_err(),
            "{}\n{session}",
            context()
        );
    }
    assert!(image == ruins.image_without_locks(), "{}", context());
}

#[tokio::test]
async fn what_is_in_any_file_of_a_ruined_store_is_read_again_or_named() {
    let whole = orchard().await;
    assert!(whole.contains_key(Path::new("/store/store.json")));
    assert!(whole.keys().any(|path| path.starts_with(at("sessions/tree-10/segments"))));
    let named = std::env::var("ANNALS_TEST_SEED").ok().map(|seed| seed.parse().unwrap());
    let count = if long_form() { STORES_LONG } else { STORES };
    let seeds = named.map_or(0..count, |seed| seed..seed + 1);
    for seed in seeds.clone() {
        try_one(&whole, seed).await;
    }
    figure("stores salvaged", seeds.end - seeds.start);
}
