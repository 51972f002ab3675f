//! What must be true of a store, whatever happened to the command.

use std::collections::BTreeMap;
use std::path::PathBuf;

use annals::repository::{Depth, FileSystemRepository, SessionRepository as _};
use annals::vocabulary::{Data, Finding, FindingClass, SessionFilter};
use serde_json::Value;

use crate::cases::{Case, Effect, REDACTED};
use crate::scene::{Answer, Scene};

/// One record, as far as it does not depend on when it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    seq: u64,
    kind: String,
    /// `None` where they were redacted.
    data: Option<String>,
}

impl Entry {
    /// Whether another record says the same, in whatever place.
    fn says(&self, other: &Self) -> bool {
        (&self.kind, &self.data) == (&other.kind, &other.data)
    }
}

/// Everything that can be read of a store, and everything that is wrong with it.
#[derive(Debug, Default)]
pub(crate) struct Picture {
    sessions: BTreeMap<String, Vec<Entry>>,
    findings: Vec<Finding>,
    unreadable: Vec<String>,
}

impl Picture {
    pub(crate) fn of(scene: &Scene) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(Self::read(scene))
    }

    async fn read(scene: &Scene) -> Self {
        let repository = FileSystemRepository::open(scene.store()).unwrap();
        let listing = repository.list(&SessionFilter::default()).await.unwrap();
        let mut picture = Self::default();
        picture.unreadable.extend(listing.unreadable.iter().map(|found| found.session.clone()));
        for session in repository.ids().await.unwrap() {
            let verified = repository.verify(&session, &Depth::default()).await.unwrap();
            picture.findings.extend(verified.findings);
            let records = repository.records(&session, 1).await.unwrap();
            let (records, _) = records.collect().await.unwrap();
            let entries = records.into_iter().map(|record| {
                let data = match &record.data {
                    Data::Present(data) => Some(data.get().to_owned()),
                    Data::Erased(_) => None,
                };
                Entry { seq: record.seq, kind: record.kind.into(), data }
            });
            picture.sessions.insert(session.to_string(), entries.collect());
        }
        picture
    }

    fn records(&self, session: &str) -> &[Entry] {
        self.sessions.get(session).map_or(&[], Vec::as_slice)
    }

    fn is_clean(&self) -> bool {
        self.findings.is_empty() && self.unreadable.is_empty()
    }

    fn has(&self, class: FindingClass) -> bool {
        self.findings.iter().any(|finding| finding.class == class)
    }
}

/// A case that is ready to be run: its store, and what an undisturbed run comes to.
pub(crate) struct Ready {
    pub(crate) case: Case,
    pub(crate) scene: Scene,
    pub(crate) undisturbed: Answer,
    before: Picture,
    after: Picture,
}

impl Ready {
    pub(crate) fn new(case: Case) -> Self {
        let scene = Scene::new();
        (case.prepare)(&scene);
        let before = Picture::of(&scene);
        let run = scene.copy();
        let undisturbed = run.traced(&case.arguments(), None);
        let after = Picture::of(&run);
        assert!(matches!(undisturbed.traced.code, Some(0 | 1)), "{}: {undisturbed:?}", case.name);
        assert!(after.is_clean(), "{}: {after:?}", case.name);
        let ready = Self { case, scene, undisturbed, before, after };
        ready.continues(&run, &ready.after);
        ready
    }

    /// Whether all that the command was to do is there.
    pub(crate) fn is_done(&self, found: &Picture) -> bool {
        found.sessions == self.after.sessions
    }

    /// Whether nothing that it was to do is there.
    pub(crate) fn is_not_begun(&self, found: &Picture) -> bool {
        found.sessions == self.before.sessions
    }

    /// Asserts everything that holds however the command ended: what was acknowledged before is
    /// there, what it has acknowledged itself is, whatever else is there is a part of what it was
    /// to do, and nothing is damaged. Then it asserts that life goes on.
    pub(crate) fn holds(&self, run: &Scene, answer: &Answer) -> Picture {
        let found = Picture::of(run);
        self.everything_is_accounted_for(&found);
        if self.case.effect != Effect::Reads {
            for (told, told_undisturbed) in answer.told().iter().zip(self.undisturbed.told()) {
                self.is_true(told, &told_undisturbed, &found);
            }
        } else if answer.traced.code.is_none() {
            assert!(self.undisturbed.out.starts_with(&answer.out), "{answer:?}");
        }
        assert_eq!(found.unreadable, [""; 0]);
        for finding in &found.findings {
            let is_old = self.before.has(finding.class);
            assert!(is_old || finding.class == FindingClass::TornTail, "{finding:?}");
        }
        self.continues(run, &found);
        found
    }

    fn everything_is_accounted_for(&self, found: &Picture) {
        if self.case.effect != Effect::Several {
            let either = self.is_done(found) || self.is_not_begun(found);
            assert!(either, "it is done in part: {found:#?}");
            return;
        }
        for (session, before) in &self.before.sessions {
            assert!(found.records(session).starts_with(before), "{session} has lost: {found:#?}");
        }
        for (session, records) in &found.sessions {
            // A step that failed may be missing between two that did not.
            let mut after = self.after.records(session).iter();
            let foreign = records.iter().find(|record| !after.any(|known| known.says(record)));
            assert_eq!(foreign, None, "{session} has what nobody wrote: {found:#?}");
        }
    }

    /// Asserts that what a line of an answer says has happened, and is what the same line of an
    /// undisturbed run says.
    fn is_true(&self, told: &Value, told_undisturbed: &Value, found: &Picture) {
        if let Some((session, seq)) = acknowledged(told) {
            let (_, seq_undisturbed) = acknowledged(told_undisturbed).unwrap();
            let record = found.records(session).iter().find(|record| record.seq == seq);
            let after = self.after.records(session);
            let due = after.iter().find(|record| record.seq == seq_undisturbed).unwrap();
            assert!(record.is_some_and(|record| due.says(record)), "{told}: {found:#?}");
        } else if told["purged"] == true || told["events_added"].is_u64() {
            let session = told["session"].as_str().unwrap();
            assert_eq!(found.records(session), self.after.records(session), "{told}");
        } else if told["changed"] == true {
            assert!(self.is_done(found) && found.is_clean(), "{told}: {found:#?}");
        }
    }

    /// Asserts that the next commands work, and leave nothing that is wrong.
    fn continues(&self, run: &Scene, found: &Picture) {
        for (arguments, codes) in self.case.then {
            let (code, said) = run.run(arguments);
            assert!(codes.contains(&code), "then {arguments:?}: {code}, {said}");
        }
        // An unfinished write is the next writer's business.
        let torn = found.findings.iter().filter(|finding| finding.class == FindingClass::TornTail);
        for session in torn.map(|finding| finding.session.as_str()) {
            run.does(&["record", session, "--role", "user", "afterwards"]);
        }
        let at_last = Picture::of(run);
        assert!(at_last.is_clean(), "in the end: {at_last:#?}");
        let redacts = self.case.effect == Effect::Redacts;
        if redacts {
            assert!(!self.scene.holding(REDACTED).is_empty());
            assert_eq!(run.holding(REDACTED), [""; 0].map(PathBuf::from), "it was removed");
        }
        for (session, records) in &found.sessions {
            let kept = at_last.records(session);
            let mut pairs = records.iter().zip(kept);
            let same = |(old, new): (&Entry, &Entry)| old == new || redacts && new.data.is_none();
            let is_kept = records.len() <= kept.len() && pairs.all(same);
            assert!(is_kept, "{session}: {at_last:#?}");
        }
        assert!(at_last.sessions.contains_key("demo"));
    }
}

/// The session and the record that an answer acknowledges.
fn acknowledged(told: &Value) -> Option<(&str, u64)> {
    let state = if told["session"].is_object() { &told["session"] } else { told };
    Some((state["id"].as_str()?, state["seq"].as_u64()?))
}
