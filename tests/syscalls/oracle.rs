//! What must be true of a store, whatever happened to the command.

use std::collections::BTreeMap;

use annals::repository::{Depth, FileSystemRepository, SessionRepository as _};
use annals::vocabulary::{Data, Finding, FindingClass, SessionFilter};
use serde_json::Value;

use crate::cases::{Case, Effect};
use crate::scene::{Answer, Scene};

/// One record, as far as it does not depend on when it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    seq: u64,
    kind: String,
    data: String,
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
                let Data::Present(data) = &record.data else { panic!("nothing was redacted") };
                Entry { seq: record.seq, kind: record.kind.into(), data: data.get().to_owned() }
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
        for line in answer.told() {
            self.is_true(&line, &found);
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
        let either = self.is_done(found) || self.is_not_begun(found);
        if self.case.effect != Effect::Several {
            assert!(either, "it is done in part: {found:#?}");
            return;
        }
        for (session, before) in &self.before.sessions {
            assert!(found.records(session).starts_with(before), "{session} has lost: {found:#?}");
        }
        for (session, records) in &found.sessions {
            let after = self.after.records(session);
            assert!(after.starts_with(records), "{session} has what nobody wrote: {found:#?}");
        }
    }

    /// Asserts what a line of an answer says.
    fn is_true(&self, line: &Value, found: &Picture) {
        if let Some(seq) = [&line["seq"], &line["session"]["seq"]].iter().find_map(|s| s.as_u64()) {
            let id = [&line["id"], &line["session"]["id"], &line["session"]];
            let session = id.iter().find_map(|id| id.as_str()).unwrap();
            let last = found.records(session).last().map_or(0, |entry| entry.seq);
            assert!(last >= seq, "{line} was answered, and {session} ends at {last}");
        } else if line["purged"] == true || line["events_added"].is_u64() {
            let session = line["session"].as_str().unwrap();
            assert_eq!(found.records(session), self.after.records(session), "{line}");
        } else if line["changed"] == true {
            assert!(self.is_done(found) && found.is_clean(), "{line}: {found:#?}");
        }
    }

    /// Asserts that the next commands work, and leave nothing that is wrong.
    fn continues(&self, run: &Scene, found: &Picture) {
        for (arguments, codes) in self.case.then {
            let (code, said) = run.run(arguments);
            assert!(codes.contains(&code), "then {arguments:?}: {code}, {said}");
        }
        let at_last = Picture::of(run);
        assert!(at_last.is_clean(), "in the end: {at_last:#?}");
        for (session, records) in &found.sessions {
            assert!(at_last.records(session).starts_with(records), "{session}: {at_last:#?}");
        }
        assert!(at_last.sessions.contains_key("demo"));
    }
}

