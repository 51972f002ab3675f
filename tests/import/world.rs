//! A disk and a store in memory, with everything pinned.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::{Arc, Mutex};

use annals::disk::{Access, Disk, MemoryDisk};
use annals::manager::SessionManager;
use annals::manager::import::{
    ImportProgress, ImportReport, Transcript, TranscriptSource, discover,
};
use annals::repository::InMemoryRepository;
use annals::vocabulary::{Author, Clock, Data, SessionId, Timestamp};

struct Noon;

impl Clock for Noon {
    fn now(&self) -> Timestamp {
        "2026-11-22T12:00:00Z".parse().unwrap()
    }
}

pub(crate) struct World {
    pub(crate) memory: MemoryDisk,
    pub(crate) disk: Arc<dyn Disk>,
    pub(crate) manager: SessionManager<InMemoryRepository>,
}

impl World {
    pub(crate) fn new() -> Self {
        let memory = MemoryDisk::new();
        let disk: Arc<dyn Disk> = Arc::new(memory.clone());
        Self { memory, disk, manager: manager() }
    }

    /// Writes a file, replacing what was there.
    pub(crate) fn write(&self, path: &str, bytes: &[u8]) {
        let path = Path::new(path);
        self.disk.create_dir_all(path.parent().unwrap()).unwrap();
        let file = self.disk.open(path, Access::OpenOrCreate).unwrap();
        file.set_len(0).unwrap();
        file.write_at(0, bytes).unwrap();
    }

    pub(crate) fn transcripts(&self, source: TranscriptSource, path: &str) -> Vec<Transcript> {
        discover(&*self.disk, source, Path::new(path)).unwrap().transcripts
    }

    /// Imports the one transcript at a path.
    pub(crate) async fn import(&self, source: TranscriptSource, path: &str) -> ImportReport {
        let transcripts = self.transcripts(source, path);
        assert_eq!(transcripts.len(), 1, "{transcripts:?}");
        self.manager.import_transcript(&self.disk, &transcripts[0], &()).await.unwrap()
    }

    /// The history of a session, a line a record. A generated key is shown as `-`.
    pub(crate) async fn log(&self, session: &str) -> String {
        let id: SessionId = session.parse().unwrap();
        let history = self.manager.history(&id, 1).await.unwrap();
        let (records, findings) = history.collect().await.unwrap();
        assert!(findings.is_empty(), "{findings:?}");
        let mut log = String::new();
        for record in records {
            let key = Some(record.key.as_str()).filter(|key| key.contains(':')).unwrap_or("-");
            let Data::Present(data) = &record.data else { panic!("nothing was redacted") };
            writeln!(log, "{} {} {key}\n    {}", record.seq, record.kind, data.get()).unwrap();
        }
        log
    }

    /// The state of a session as JSON.
    pub(crate) async fn state(&self, session: &str) -> String {
        let state = self.manager.get_session(&session.parse().unwrap()).await.unwrap();
        serde_json::to_string_pretty(&state).unwrap()
    }

    /// What a session came to: its report, its state and its log.
    pub(crate) async fn story(&self, report: &ImportReport) -> String {
        let session = report.session.as_str();
        let report = serde_json::to_string_pretty(report).unwrap();
        format!("{report}\n\n{}\n\n{}", self.state(session).await, self.log(session).await)
    }
}

pub(crate) fn manager() -> SessionManager<InMemoryRepository> {
    let author = Author {
        user: "ann".into(),
        host: "desk".into(),
        pid: 7,
        program: "annals".into(),
        version: "0.1.0".into(),
    };
    SessionManager::new(InMemoryRepository::with_clock(Arc::new(Noon))).with_author(author)
}

/// Compares with the reviewed snapshot of that name.
pub(crate) fn assert_snapshot(name: &str, value: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../../snapshots/import");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, value));
}

/// Runs work and returns what it told the log, as text.
pub(crate) async fn logged(work: impl Future<Output = ()>) -> String {
    let written = Written::default();
    let writer = written.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_ansi(false)
        .without_time()
        .with_writer(move || writer.clone())
        .finish();
    let guard = tracing::subscriber::set_default(subscriber);
    work.await;
    drop(guard);
    let bytes = written.0.lock().unwrap().clone();
    String::from_utf8(bytes).unwrap()
}

#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Written {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Remembers what it was told.
#[derive(Default)]
pub(crate) struct Watched(pub(crate) Mutex<Vec<String>>);

impl ImportProgress for Watched {
    fn begin(&self, path: &Path, bytes_total: u64) {
        self.0.lock().unwrap().push(format!("begin {} {bytes_total}", path.display()));
    }
    fn advance(&self, bytes: u64) {
        self.0.lock().unwrap().push(format!("advance {bytes}"));
    }
    fn finish(&self) {
        self.0.lock().unwrap().push("finish".to_owned());
    }
}
