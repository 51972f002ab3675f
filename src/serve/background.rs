//! What a server does by itself: it takes figures, checks the store, and looks for changes.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};
use tracing::warn;

use super::recent::Recent;
use super::{Change, Shared, Totals};
use crate::manager::{SessionError, SessionHealth};
use crate::repository::{Following, Growth, Read, RepositoryError, SessionRepository};
use crate::vocabulary::{Clock as _, EventKind, Record, SessionId, SystemClock};

/// Most names that are kept; a few hundred bytes each.
const NAMES_MAX: usize = 1024;

/// Most changes that are read before they are told: a quarter of what followers are kept.
const TOGETHER_MAX: usize = 256;

/// Most bytes of data that are read before they are told.
const TOGETHER_BYTES_MAX: usize = 1024 * 1024;

/// How often locks are looked for.
const LOCKS_PERIOD: Duration = Duration::from_secs(10);

/// The tasks of a server. Dropping it ends them at their next wait.
pub(super) struct Background(JoinSet<()>);

/// Starts all of them.
pub(super) fn start<R: SessionRepository>(shared: &Arc<Shared<R>>) -> Background {
    let mut tasks = JoinSet::new();
    tasks.spawn(sample(Arc::clone(shared)));
    tasks.spawn(check(Arc::clone(shared)));
    tasks.spawn(watch_locks(Arc::clone(shared)));
    tasks.spawn(follow(Arc::clone(shared)));
    Background(tasks)
}

impl Background {
    /// Ends the tasks, and waits until they have.
    pub(super) async fn stop(mut self) {
        self.0.shutdown().await;
    }
}

/// Takes the figures, again and again. What cannot be taken leaves a gap.
async fn sample<R: SessionRepository>(shared: Arc<Shared<R>>) {
    let mut ticks = interval(shared.options.sample_period);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        match shared.manager.store_metrics().await {
            Ok(figures) => {
                shared.history().push(SystemClock.now(), &Totals::from(&figures));
                shared.metrics.send_replace(Some(Arc::new(figures)));
            }
            Err(error) => warn!(%error, "cannot take the figures of the store"),
        }
    }
}

/// Checks the store, again and again, with what was measured in the last minutes. What cannot be
/// checked keeps its last report.
async fn check<R: SessionRepository>(shared: Arc<Shared<R>>) {
    let mut recent = Recent::default();
    let mut ticks = interval(shared.options.health_period);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        match checked(&shared, &mut recent).await {
            Ok(health) => drop(shared.health.send_replace(Some(Arc::new(health)))),
            Err(error) => warn!(%error, "cannot check the store"),
        }
    }
}

/// Looks for locks that are held, again and again. Each look asks for every lock of the store, so
/// it is a rare one.
async fn watch_locks<R: SessionRepository>(shared: Arc<Shared<R>>) {
    let mut ticks = interval(LOCKS_PERIOD);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        match shared.manager.repository().locks().await {
            Ok(locks) => drop(shared.locks.send_replace(locks.into())),
            Err(error) => warn!(%error, "cannot look for locks"),
        }
    }
}

async fn checked<R: SessionRepository>(
    shared: &Shared<R>,
    recent: &mut Recent,
) -> Result<SessionHealth, SessionError> {
    let manager = &shared.manager;
    let figures = manager.store_metrics().await?;
    let figures = recent.take(Instant::now(), figures);
    manager.health_check_over(&manager.effort(), &figures).await
}

/// Tells what happens to sessions, again and again. What cannot be read now is told later.
async fn follow<R: SessionRepository>(shared: Arc<Shared<R>>) {
    let mut following = Following::default();
    let mut teller =
        Teller { shared: &shared, names: Names::default(), untold: Vec::new(), bytes: 0 };
    let mut ticks = interval(shared.options.change_period);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        match shared.manager.repository().growths(&mut following).await {
            Ok(growths) => {
                for growth in growths {
                    teller.read(&growth).await;
                }
                teller.tell();
                shared.following.send_replace(true);
            }
            Err(error) => warn!(%error, "cannot follow the store"),
        }
    }
}

/// Names of sessions, kept until something is recorded that may change one: a session that grows by
/// messages need not be loaded for each of them.
#[derive(Default)]
struct Names(HashMap<SessionId, Option<String>>);

impl Names {
    async fn of<R: SessionRepository>(
        &mut self,
        repository: &R,
        session: &SessionId,
    ) -> Result<Option<String>, RepositoryError> {
        if let Some(name) = self.0.get(session) {
            return Ok(name.clone());
        }
        let name = repository.load(session).await?.state.name;
        let name = name.map(|name| name.as_str().to_owned());
        if self.0.len() >= NAMES_MAX {
            self.0.clear();
        }
        self.0.insert(session.clone(), name.clone());
        Ok(name)
    }

    fn hear(&mut self, session: &SessionId, record: &Record) {
        let kind = EventKind::from_name(&record.kind);
        if !matches!(kind, Some(EventKind::MessageRecorded | EventKind::FileRecorded)) {
            self.0.remove(session);
        }
    }
}

/// Tells what histories have grown by: many changes together, since each telling wakes everybody
/// who follows.
struct Teller<'s, R: SessionRepository> {
    shared: &'s Shared<R>,
    names: Names,
    untold: Vec<Change>,
    /// How much data they hold.
    bytes: usize,
}

impl<R: SessionRepository> Teller<'_, R> {
    async fn read(&mut self, growth: &Growth) {
        let Growth { session, after_seq, seq } = growth;
        if let Err(error) = self.read_up_to(session, *after_seq, *seq).await {
            warn!(session_id = %session, after_seq, seq, %error, "cannot tell what has happened");
        }
    }

    async fn read_up_to(
        &mut self,
        session: &SessionId,
        after_seq: u64,
        seq: u64,
    ) -> Result<(), RepositoryError> {
        let repository = self.shared.manager.repository();
        let mut records = repository.records(session, after_seq + 1).await?;
        while let Some(read) = records.next().await {
            let Read::Record(record) = read? else { continue };
            if record.seq > seq {
                break;
            }
            self.names.hear(session, &record);
            let name = self.names.of(repository, session).await?;
            self.bytes += record.data.bytes();
            self.untold.push(Change { session: session.clone(), name, record: *record });
            if self.untold.len() >= TOGETHER_MAX || self.bytes >= TOGETHER_BYTES_MAX {
                self.tell();
                // So that who follows hears this before there is more than is kept.
                tokio::task::yield_now().await;
            }
        }
        Ok(())
    }

    fn tell(&mut self) {
        if !self.untold.is_empty() {
            self.shared.changes.tell(self.untold.drain(..));
            self.bytes = 0;
        }
    }
}
