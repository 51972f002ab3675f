//! Real transcripts, where the machine has them: counts agree with those that were made
//! independently of this project.

use std::path::PathBuf;
use std::sync::Arc;

use annals::disk::{Disk, RealDisk};
use annals::manager::import::TranscriptSource::{self, ClaudeCode, Codex};
use annals::manager::import::{ImportReport, discover};

use crate::world::manager;

/// The folder of a source's transcripts; `None`, with a message, where there is none.
fn corpus(source: TranscriptSource) -> Option<PathBuf> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus");
    let folder = folder.join(source.as_str());
    if matches!(RealDisk.info(&folder), Ok(Some(_))) {
        return Some(folder);
    }
    println!("no real transcripts at {}: nothing was compared", folder.display());
    None
}

/// Imports everything twice; the second run must add nothing. `None` where there is no corpus: an
/// empty answer would let a search that finds nothing pass.
async fn imported(source: TranscriptSource) -> Option<Vec<(ImportReport, u64)>> {
    let folder = corpus(source)?;
    let disk: Arc<dyn Disk> = Arc::new(RealDisk);
    let manager = manager();
    let transcripts = discover(&*disk, source, &folder).unwrap().transcripts;
    let mut reports = Vec::new();
    for transcript in &transcripts {
        let report = manager.import_transcript(&disk, transcript, &()).await.unwrap();
        assert!(report.is_clean(), "{report:?}");
        assert_eq!(report.events_present, 0, "{report:?}");
        let state = manager.get_session(&report.session).await.unwrap();
        assert_eq!(state.message_count, report.tally.messages.values().sum::<u64>());
        reports.push((report, state.file_count));
    }
    for (transcript, (first, _)) in transcripts.iter().zip(&reports) {
        let again = manager.import_transcript(&disk, transcript, &()).await.unwrap();
        assert_eq!((again.events_added, again.events_present), (0, first.events_added));
        assert_eq!(again.tally, first.tally);
    }
    Some(reports)
}

fn row(report: &ImportReport, roles: [&str; 3]) -> String {
    let role = |role: &str| report.tally.messages.get(role).copied().unwrap_or(0);
    let ignored = |kind: &str| report.tally.ignored.get(kind).copied().unwrap_or(0);
    let roles = roles.map(role);
    format!(
        "{} lines={} messages={roles:?} progress={} token_count={}",
        report.session,
        report.tally.lines,
        ignored("progress"),
        ignored("event_msg/token_count"),
    )
}

#[tokio::test]
async fn claude_codes_lines_are_counted_as_they_were_independently() {
    let Some(reports) = imported(ClaudeCode).await else { return };
    // user is prompts and other blocks together: 6 + 1, 2 + 2, 5 + 2, 1 + 1, 1 + 0, 1 + 0.
    let rows: Vec<_> =
        reports.iter().map(|(report, _)| row(report, ["user", "tool", "assistant"])).collect();
    let long = "ae4a77f8-aedd-4bc1-888f-c94edc91af04";
    assert_eq!(rows, [
        "491e126e-1e71-469c-ade2-fcc8af567c74 lines=96 messages=[4, 16, 28] progress=44 token_count=0".to_owned(),
        "55604662-cf2a-4331-851a-ec234028f8ca lines=15 messages=[2, 2, 5] progress=3 token_count=0".to_owned(),
        format!("{long} lines=2385 messages=[7, 242, 408] progress=1697 token_count=0"),
        "d6e0bada-1959-4eec-a9d2-0bfade768d8f lines=39 messages=[7, 6, 9] progress=10 token_count=0".to_owned(),
        format!("{long}.agent-aac57f5 lines=40 messages=[1, 12, 15] progress=12 token_count=0"),
        format!("{long}.agent-acompact-946d2b lines=2 messages=[1, 0, 1] progress=0 token_count=0"),
    ]);
}

#[tokio::test]
async fn codexs_lines_are_counted_as_they_were_independently() {
    let Some(reports) = imported(Codex).await else { return };
    // assistant is agent messages and tool calls together: 17 + 118, 52 + 134 + 10, 1 + 1, 6 + 5;
    // tool is the outputs, of which one session misses one of 134 and another its only one.
    let rows: Vec<_> =
        reports.iter().map(|(report, _)| row(report, ["user", "tool", "assistant"])).collect();
    assert_eq!(
        rows,
        [
            "019c8a4d-8f45-7010-8b5d-7fad920aa6f9 lines=417 messages=[1, 118, 135] progress=0 token_count=56",
            "019c8a53-a0dd-7130-bcd7-95445d84846a lines=837 messages=[7, 143, 196] progress=0 token_count=166",
            "019c8a70-dda7-7f33-98ea-f30553347322 lines=19 messages=[1, 0, 2] progress=0 token_count=2",
            "019c8bfe-ec25-79e0-97d7-bda6a9c575ff lines=63 messages=[1, 5, 11] progress=0 token_count=12",
        ]
    );
}
