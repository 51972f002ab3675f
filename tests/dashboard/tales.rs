//! Sessions as people have them, over some days, and the traffic of a busy few minutes.

use std::path::Path;
use std::thread::park_timeout;
use std::time::{Duration, Instant};

use annals::vocabulary::{Clock as _, NewMessage, NewSession, Role, SystemClock, Timestamp};
use annals::{FileSystemRepository, SessionId, SessionManager};

use crate::stage::{Stage, Writer};

/// A session: its id, name and tags, how long ago it was worked in, and what became of it.
struct Tale {
    id: &'static str,
    name: &'static str,
    tags: &'static [&'static str],
    hours_ago: i64,
    fate: Fate,
    talk: &'static [(&'static str, &'static str)],
}

#[derive(Clone, Copy, PartialEq)]
enum Fate {
    Active,
    Background,
    Archived,
    Deleted,
}

const MODEL: &str = "orchard-large-2";

const TALES: [Tale; 12] = [
    Tale {
        id: "frost-warnings",
        name: "Frost warnings for the orchard",
        tags: &["orchard", "weather"],
        hours_ago: 2,
        fate: Fate::Active,
        talk: &[
            ("user", "When do apple trees freeze? I want a warning the evening before."),
            (
                "assistant",
                "Open blossoms are lost from about -2 °C on, closed buds hold out to -6 °C. I would warn at +1 °C forecast at two metres, because it is colder on the ground.\n\nShall I write the check as a cron job?",
            ),
            ("user", "Yes, and write down which station the forecast comes from."),
            (
                "tool",
                "$ cat stations.csv\nid,name,lat,lon,height_m\n10637,Frankfurt,50.05,8.60,112\n10738,Stuttgart,48.69,9.22,371\n…",
            ),
            (
                "assistant",
                "Done: `frost_check.py` asks station 10738 at 18:00 and writes one line per night into `frost.log`.",
            ),
        ],
    },
    Tale {
        id: "flaky-upload",
        name: "Flaky upload test",
        tags: &["ci"],
        hours_ago: 5,
        fate: Fate::Active,
        talk: &[
            ("user", "test_upload_resumes fails once in thirty runs on CI. Find out why."),
            (
                "assistant",
                "It reads the size of the part file before the writer has flushed it. I will wait for the rename instead of the size.",
            ),
            (
                "tool",
                "running 1 test\ntest test_upload_resumes ... ok\n\ntest result: ok. 200 passed; 0 failed",
            ),
        ],
    },
    Tale {
        id: "invoice-rounding",
        name: "Invoices are a cent off",
        tags: &["billing", "bug"],
        hours_ago: 9,
        fate: Fate::Active,
        talk: &[
            ("user", "Customers in Switzerland report invoices that are one cent off."),
            (
                "assistant",
                "Each line is rounded and then summed; the law there asks for the sum to be rounded to five cents. The two differ from three lines on.",
            ),
        ],
    },
    Tale {
        id: "nightly-reindex",
        name: "Nightly reindex",
        tags: &["search", "batch"],
        hours_ago: 11,
        fate: Fate::Background,
        talk: &[
            ("user", "Rebuild the search index of all shops tonight, four at a time."),
            ("assistant", "Started: 212 shops, about 40 seconds each. I report at every tenth."),
        ],
    },
    Tale {
        id: "backup-restore-drill",
        name: "Restore drill, November",
        tags: &["ops"],
        hours_ago: 26,
        fate: Fate::Background,
        talk: &[
            ("user", "Restore last night's backup into a fresh machine and time it."),
            (
                "assistant",
                "Restored in 14 minutes; `annals verify` finds nothing wrong in 1,204 sessions.",
            ),
        ],
    },
    Tale {
        id: "bakery-oven",
        name: "Oven curves for rye",
        tags: &["bakery"],
        hours_ago: 30,
        fate: Fate::Active,
        talk: &[
            ("user", "How hot should the deck be for a two kilo rye loaf?"),
            (
                "assistant",
                "270 °C falling to 190 °C within ten minutes, then 55 minutes at 190 °C.",
            ),
        ],
    },
    Tale {
        id: "keyboard-layout",
        name: "Neo layout on the console",
        tags: &["linux"],
        hours_ago: 47,
        fate: Fate::Archived,
        talk: &[
            ("user", "loadkeys neo works, but not after a reboot."),
            ("assistant", "Put KEYMAP=neo into /etc/vconsole.conf."),
        ],
    },
    Tale {
        id: "thesis-chapter-3",
        name: "Thesis, chapter 3",
        tags: &["writing"],
        hours_ago: 53,
        fate: Fate::Archived,
        talk: &[
            ("user", "Shorten this to one page, and keep the two examples."),
            ("assistant", "Here it is in 410 words."),
        ],
    },
    Tale {
        id: "grafana-migration",
        name: "Dashboards to the new cluster",
        tags: &["ops"],
        hours_ago: 70,
        fate: Fate::Archived,
        talk: &[
            ("user", "Move the four dashboards over."),
            ("assistant", "Moved; one panel asked for a data source that is gone."),
        ],
    },
    Tale {
        id: "css-grid",
        name: "Product page breaks at 360 px",
        tags: &["web", "bug"],
        hours_ago: 75,
        fate: Fate::Archived,
        talk: &[
            ("user", "The price column runs out of the page on phones."),
            ("assistant", "minmax(0, 1fr) instead of 1fr: a long word had set the width."),
        ],
    },
    Tale {
        id: "spelling",
        name: "Spelling of the newsletter",
        tags: &["writing"],
        hours_ago: 96,
        fate: Fate::Archived,
        talk: &[
            ("user", "Proofread, British English."),
            ("assistant", "Seven corrections, marked in the margin."),
        ],
    },
    Tale {
        id: "scratch",
        name: "Scratch",
        tags: &[],
        hours_ago: 120,
        fate: Fate::Deleted,
        talk: &[("user", "test"), ("assistant", "It works.")],
    },
];

/// Sessions that the traffic goes to.
const BUSY: [&str; 4] = ["frost-warnings", "flaky-upload", "invoice-rounding", "nightly-reindex"];

/// What is said in the traffic.
const LINES: [(&str, &str); 8] = [
    ("user", "And what does the log of the night before say?"),
    ("assistant", "Nothing unusual: 14 warnings, all of them of the retry that we know."),
    (
        "tool",
        "$ tail -2 frost.log\n2026-11-21 18:00 10738 +3.1\n2026-11-22 18:00 10738 +0.4 warned",
    ),
    ("assistant", "The check ran at 18:00 and warned once, as it should."),
    ("user", "Good. Put that into the weekly report, please."),
    ("assistant", "Added to `report.md` under Orchard, with the two figures."),
    ("tool", "running 12 tests\n............\nok"),
    ("assistant", "Shops 41 to 50 are indexed; 162 are left, about 27 minutes."),
];

/// Writes the sessions of some days into a store.
pub(crate) async fn write(store: &Path) {
    let manager = SessionManager::new(FileSystemRepository::open(store).unwrap());
    let now = SystemClock.now();
    for tale in &TALES {
        let session: SessionId = tale.id.parse().unwrap();
        let began = hours_before(now, tale.hours_ago + 1);
        let new = NewSession {
            name: Some(tale.name.parse().unwrap()),
            cwd: Some(format!("/home/ann/{}", tale.id)),
            occurred: Some(began),
            ..NewSession::default()
        };
        manager.create_session(Some(session.clone()), new).await.unwrap();
        for (place, (role, text)) in (1..).zip(tale.talk) {
            let message = NewMessage {
                text: Some((*text).to_owned()),
                model: (*role == "assistant").then(|| MODEL.to_owned()),
                occurred: Some(began.saturating_add_micros(place * 97_000_000)),
                ..NewMessage::new(role.parse::<Role>().unwrap(), *text)
            };
            manager.record_message(&session, message).await.unwrap();
        }
        for tag in tale.tags {
            manager.tag_session(&session, tag.parse().unwrap()).await.unwrap();
        }
        match tale.fate {
            Fate::Active => {}
            Fate::Background => drop(manager.background_session(&session).await.unwrap()),
            Fate::Archived => drop(manager.archive_session(&session).await.unwrap()),
            Fate::Deleted => drop(manager.delete_session(&session).await.unwrap()),
        }
    }
}

fn hours_before(now: Timestamp, hours: i64) -> Timestamp {
    now.saturating_add_micros(-hours * 3_600_000_000)
}

/// Two processes that write for a while, at the pace of people and their programs: in waves, and
/// now and then to the same session at once.
pub(crate) fn traffic(stage: &Stage, length: Duration) {
    std::thread::scope(|scope| {
        for start in 0..2 {
            let mut writer = stage.writer();
            scope.spawn(move || write_in_waves(&mut writer, start, length));
        }
    });
}

fn write_in_waves(writer: &mut Writer, start: usize, length: Duration) {
    let began = Instant::now();
    let mut place = start * 3;
    while began.elapsed() < length {
        let seconds = began.elapsed().as_secs_f64();
        let wave = 1.0 + (seconds / 23.0).sin() * 0.6 + (seconds / 71.0).cos() * 0.3;
        let (role, text) = LINES[place % LINES.len()];
        writer.record(BUSY[(place / 2) % BUSY.len()], role, text);
        place += 1;
        // People and models take their time; nothing is waited for here.
        park_timeout(Duration::from_secs_f64(0.18 / wave.max(0.15)));
    }
}
