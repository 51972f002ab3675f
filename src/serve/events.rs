//! `/events`: what happens, as it happens, as server-sent events.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::sse::{Event, KeepAlive};
use axum::response::{IntoResponse, Response, Sse};
use futures_util::stream;
use serde::Deserialize;
use tokio::sync::{OwnedSemaphorePermit, watch};

use super::api::Parameters;
use super::changes::{Missed, Numbered};
use super::fault::Fault;
use super::{Shared, dashboard};
use crate::repository::SessionRepository;

/// How often a quiet stream shows that it is alive: less than proxies wait.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// How long a browser waits before it comes again.
const RETRY: Duration = Duration::from_secs(2);

/// The number of the last event that a client has seen.
const LAST_EVENT_ID: &str = "last-event-id";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EventsQuery {
    #[serde(default, rename = "as")]
    form: Form,
}

/// What the data of an event is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Form {
    /// For programs.
    #[default]
    Json,
    /// Parts of the dashboard.
    Html,
}

/// Answers with the changes from now on, or from the one after `Last-Event-ID`.
pub(super) async fn events<R: SessionRepository>(
    State(shared): State<Arc<Shared<R>>>,
    Parameters(query): Parameters<EventsQuery>,
    headers: HeaderMap,
) -> Result<Response, Fault> {
    let place = Arc::clone(&shared.event_places).try_acquire_owned();
    let place = place.map_err(|_| Fault::too_many_followers())?;
    let last = headers.get(LAST_EVENT_ID).and_then(|id| id.to_str().ok());
    let follower = Follower::new(shared, query.form, last, place);
    let no_store = [(header::CACHE_CONTROL, "no-store")];
    let events = stream::unfold(follower, async |mut follower| {
        let event = follower.next().await?;
        Some((Ok::<_, Infallible>(event), follower))
    });
    let events = Sse::new(events).keep_alive(KeepAlive::new().interval(KEEP_ALIVE));
    Ok((no_store, events).into_response())
}

/// One client that follows.
struct Follower<R: SessionRepository> {
    shared: Arc<Shared<R>>,
    form: Form,
    /// Up to which change it was told.
    at: u64,
    greeting: Option<Greeting>,
    /// What was shown last of what is shown again whenever it changes.
    shown: [String; 2],
    figures: watch::Receiver<Option<Arc<crate::manager::MetricsSnapshot>>>,
    health: watch::Receiver<Option<Arc<crate::manager::SessionHealth>>>,
    stopping: watch::Receiver<bool>,
    _place: OwnedSemaphorePermit,
}

/// What a client is told first.
enum Greeting {
    /// From where it follows.
    Welcome,
    /// That it has missed something.
    Reset,
}

impl Greeting {
    fn name(&self) -> &'static str {
        match self {
            Self::Welcome => "ready",
            Self::Reset => "reset",
        }
    }
}

impl<R: SessionRepository> Follower<R> {
    fn new(
        shared: Arc<Shared<R>>,
        form: Form,
        last: Option<&str>,
        place: OwnedSemaphorePermit,
    ) -> Self {
        let resumed = last.map(|id| shared.changes.number_of(id));
        let (at, greeting) = match resumed {
            Some(Some(number)) => (number, Greeting::Welcome),
            Some(None) => (shared.changes.newest(), Greeting::Reset),
            None => (shared.changes.newest(), Greeting::Welcome),
        };
        Self {
            form,
            at,
            greeting: Some(greeting),
            shown: Default::default(),
            figures: shared.metrics.subscribe(),
            health: shared.health.subscribe(),
            stopping: shared.stopping.subscribe(),
            _place: place,
            shared,
        }
    }

    /// The next event; `None` once the server stops.
    async fn next(&mut self) -> Option<Event> {
        if let Some(greeting) = self.greeting.take() {
            let shared = Arc::clone(&self.shared);
            // Who was greeted may rely on hearing all that happens from then on.
            let mut following = shared.following.subscribe();
            tokio::select! {
                _ = self.stopping.wait_for(|stopping| *stopping) => return None,
                _ = following.wait_for(|following| *following) => {}
            }
            return Some(self.at_present(greeting.name()).retry(RETRY));
        }
        loop {
            if let Some(event) = self.fragment() {
                return Some(event);
            }
            let shared = Arc::clone(&self.shared);
            let change = tokio::select! {
                biased;
                _ = self.stopping.wait_for(|stopping| *stopping) => return None,
                change = shared.changes.after(self.at) => Some(change),
                changed = self.figures.changed() => changed.ok().map(|()| None)?,
                changed = self.health.changed() => changed.ok().map(|()| None)?,
            };
            if let Some(change) = change {
                return Some(self.event_of(change));
            }
        }
    }

    fn event_of(&mut self, change: Result<Arc<Numbered>, Missed>) -> Event {
        match change {
            Ok(numbered) => {
                self.at = numbered.number;
                let event = Event::default().event("change");
                let event = event.id(self.shared.changes.id_of(numbered.number));
                match self.form {
                    Form::Json => event.data(&numbered.json),
                    Form::Html => event.data(dashboard::change_row(&numbered.change)),
                }
            }
            Err(Missed { newest }) => {
                self.at = newest;
                self.at_present("reset")
            }
        }
    }

    /// An event that says only up to where the client was told.
    fn at_present(&self, name: &str) -> Event {
        Event::default().event(name).id(self.shared.changes.id_of(self.at)).data("{}")
    }

    /// A part of the dashboard that looks different from when it was shown last.
    fn fragment(&mut self) -> Option<Event> {
        if self.form == Form::Json {
            return None;
        }
        let health = self.shared.health.borrow().clone();
        let now = [
            ("health", health.map(|health| dashboard::badge(&health)).unwrap_or_default()),
            ("overview", dashboard::overview(&self.shared)),
        ];
        for (shown, (name, html)) in self.shown.iter_mut().zip(now) {
            if *shown != html {
                *shown = html;
                return Some(Event::default().event(name).data(&*shown));
            }
        }
        None
    }
}
