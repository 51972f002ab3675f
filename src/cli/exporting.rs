//! What a command tells an OpenTelemetry collector, where this build can and the configuration
//! names one; nothing otherwise.

#[cfg(feature = "otel")]
use std::sync::Arc;

use super::logging::Listener;
use crate::config::Config;
#[cfg(feature = "serve")]
use crate::repository::SessionRepository;
#[cfg(feature = "serve")]
use crate::serve::Shared;
#[cfg(feature = "otel")]
use crate::telemetry::Telemetry;

/// A collector, if there is one.
pub(super) struct Exporting {
    #[cfg(feature = "otel")]
    telemetry: Option<Arc<Telemetry>>,
    #[cfg(feature = "otel")]
    period: std::time::Duration,
}

impl Exporting {
    #[cfg_attr(not(feature = "otel"), allow(unused_variables, reason = "there is none to name"))]
    pub(super) fn start(config: &Config) -> Self {
        Self {
            #[cfg(feature = "otel")]
            telemetry: Telemetry::start(config).map(Arc::new),
            #[cfg(feature = "otel")]
            period: std::time::Duration::from_millis(config.telemetry_period_ms),
        }
    }

    /// What has to hear of spans for the collector.
    pub(super) fn listener(&self) -> Option<Listener> {
        #[cfg(feature = "otel")]
        if let Some(telemetry) = &self.telemetry {
            return Some(Box::new(telemetry.layer()));
        }
        None
    }

    /// Carries a command out, and lets the collector know.
    #[cfg_attr(not(feature = "otel"), allow(unused_variables, reason = "nobody wants to know"))]
    pub(super) fn watch(
        &self,
        command: &str,
        work: impl FnOnce() -> Result<u8, u8>,
    ) -> Result<u8, u8> {
        #[cfg(feature = "otel")]
        if let Some(telemetry) = &self.telemetry {
            return telemetry.watch(command, work);
        }
        work()
    }

    /// Runs a server, and lets the collector know what it does and how its store is: again and
    /// again, and once more when it has stopped.
    #[cfg(feature = "serve")]
    #[cfg_attr(not(feature = "otel"), allow(unused_variables, reason = "nobody wants to know"))]
    pub(super) async fn while_serving<R: SessionRepository>(
        &self,
        shared: &Shared<R>,
        server: impl Future<Output = ()>,
    ) {
        #[cfg(feature = "otel")]
        if let Some(telemetry) = &self.telemetry {
            tokio::join!(server, send_periodically(telemetry, shared, self.period));
            // Spans go with that of the command.
            return send_figures(telemetry, shared).await;
        }
        server.await;
    }
}

/// Sends until the server is to stop.
#[cfg(feature = "otel")]
async fn send_periodically<R: SessionRepository>(
    telemetry: &Arc<Telemetry>,
    shared: &Shared<R>,
    period: std::time::Duration,
) {
    let mut stopping = shared.stopping.subscribe();
    let mut ticks = tokio::time::interval(period);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            _ = stopping.wait_for(|stopping| *stopping) => return,
        }
        send_figures(telemetry, shared).await;
        let telemetry = Arc::clone(telemetry);
        // Sending says itself what goes wrong.
        let _ = tokio::task::spawn_blocking(move || telemetry.send_spans()).await;
    }
}

#[cfg(feature = "otel")]
async fn send_figures<R: SessionRepository>(telemetry: &Arc<Telemetry>, shared: &Shared<R>) {
    let (telemetry, figures) = (Arc::clone(telemetry), shared.open_metrics());
    let _ = tokio::task::spawn_blocking(move || telemetry.send_figures(&figures)).await;
}
