//! Taking connections, and the bounds that each of them has.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio_io_timeout::TimeoutStream;
use tracing::debug;

use super::{Options, Shared, routes};
use crate::repository::SessionRepository;

/// How long no connection is taken after the system could not give one: it is out of descriptors
/// or memory, and asking again at once would only keep it busy.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Most connections that are being turned away at once; any more are closed without a word.
const REFUSALS_MAX: usize = 64;

/// How long turning somebody away may take.
const REFUSAL_TIMEOUT: Duration = Duration::from_secs(1);

/// Most headers of a request.
const HEADERS_MAX: usize = 64;

/// The answer to those who find every place taken.
const FULL: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/json\r\n\
    connection: close\r\nretry-after: 1\r\ncontent-length: 134\r\n\r\n\
    {\"error\":{\"kind\":\"busy\",\"message\":\"too many connections\",\"session\":null,\
    \"hint\":\"come again later, or raise the bound of the server\"}}\n";

/// Takes connections until `stop` is done, then lets those there are finish in bounded time.
pub(super) async fn serve<R: SessionRepository>(
    listener: TcpListener,
    shared: &Arc<Shared<R>>,
    stop: impl Future<Output = ()>,
) {
    let router = routes::router(Arc::clone(shared));
    let places = Arc::new(Semaphore::new(shared.options.connections_max));
    let refusals = Arc::new(Semaphore::new(REFUSALS_MAX));
    let graceful = GracefulShutdown::new();
    let mut talking = JoinSet::new();
    let mut stop = pin!(stop);
    loop {
        while talking.try_join_next().is_some() {}
        let stream = tokio::select! {
            biased;
            () = &mut stop => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                Err(error) => {
                    debug!(%error, "cannot take a connection");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                    continue;
                }
            },
        };
        let Ok(place) = Arc::clone(&places).try_acquire_owned() else {
            if let Ok(place) = Arc::clone(&refusals).try_acquire_owned() {
                talking.spawn(turn_away(stream, place));
            }
            continue;
        };
        let service = TowerToHyperService::new(router.clone());
        let connection =
            http(&shared.options).serve_connection(io(stream, &shared.options), service);
        let connection = graceful.watch(connection);
        talking.spawn(async move {
            let _place: OwnedSemaphorePermit = place;
            if let Err(error) = connection.await {
                debug!(%error, "a connection ended early");
            }
        });
    }
    drop(listener);
    shared.stopping.send_replace(true);
    let drained = tokio::time::timeout(shared.options.drain_timeout, graceful.shutdown()).await;
    if drained.is_err() {
        debug!("connections are closed that did not finish in time");
    }
    talking.shutdown().await;
}

fn http(options: &Options) -> http1::Builder {
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(options.head_timeout)
        .max_buf_size(options.head_bytes_max)
        .max_headers(HEADERS_MAX);
    builder
}

/// A stream that gives up on whoever takes nothing of what is written to it.
fn io(
    stream: TcpStream,
    options: &Options,
) -> TokioIo<std::pin::Pin<Box<TimeoutStream<TcpStream>>>> {
    // Answers are written whole, so waiting to fill a packet only delays them.
    let _faster_at_best = stream.set_nodelay(true);
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(options.write_timeout));
    TokioIo::new(Box::pin(stream))
}

/// Tells somebody that there is no place, and reads what has come, lest the system throw the answer
/// away with it.
async fn turn_away(mut stream: TcpStream, _place: OwnedSemaphorePermit) {
    let talk = async {
        stream.write_all(FULL).await?;
        stream.shutdown().await?;
        tokio::io::copy(&mut stream, &mut tokio::io::sink()).await
    };
    let _gone_or_too_slow = tokio::time::timeout(REFUSAL_TIMEOUT, talk).await;
}
