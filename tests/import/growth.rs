use annals::manager::import::TranscriptSource::ClaudeCode;
use annals::vocabulary::{NewMessage, NewSession, Role, SessionStatus};

use crate::world::{Watched, World};

const ID: &str = "0f1e2d3c-4b5a-4697-8877-665544332211";
const PATH: &str = "/p/0f1e2d3c-4b5a-4697-8877-665544332211.jsonl";

fn prompts(numbers: std::ops::Range<u32>) -> String {
    numbers
        .map(|number| {
            format!(
                "{{\"type\":\"user\",\"uuid\":\"u-{number}\",\"timestamp\":\"2026-11-01T08:{:02}:{:02}Z\",\
                 \"message\":{{\"content\":\"prompt {number}\"}}}}\n",
                number / 60 % 60,
                number % 60
            )
        })
        .collect()
}

async fn messages(world: &World) -> u64 {
    world.manager.get_session(&ID.parse().unwrap()).await.unwrap().message_count
}

#[tokio::test]
async fn a_second_run_adds_nothing_and_leaves_the_history_as_it_was() {
    let world = World::new();
    world.write(PATH, prompts(0..700).as_bytes());
    let first = world.import(ClaudeCode, PATH).await;
    assert_eq!((first.events_added, first.events_present), (701, 0));
    let log = world.log(ID).await;
    let second = world.import(ClaudeCode, PATH).await;
    assert_eq!((second.events_added, second.events_present), (0, 701));
    assert_eq!(world.log(ID).await, log);
    assert_eq!(world.manager.metrics().operations["import_transcript"].calls, 2);
}

#[tokio::test]
async fn a_transcript_that_grew_adds_its_new_part_alone() {
    let world = World::new();
    world.write(PATH, prompts(0..300).as_bytes());
    world.import(ClaudeCode, PATH).await;
    world.write(PATH, prompts(0..305).as_bytes());
    let grown = world.import(ClaudeCode, PATH).await;
    assert_eq!((grown.events_added, grown.events_present), (5, 301));
    assert_eq!(messages(&world).await, 305);
    assert_eq!(world.log(ID).await.matches(" imported -").count(), 2);
}

#[tokio::test]
async fn an_unfinished_last_line_is_taken_by_the_run_that_finds_it_complete() {
    let world = World::new();
    let whole = prompts(0..3);
    for cut in [10, 60, whole.len() / 3 - 3] {
        world.write(PATH, &whole.as_bytes()[..whole.len() / 3 * 2 + cut]);
        let report = world.import(ClaudeCode, PATH).await;
        assert!(report.is_clean(), "{report:?}");
        assert_eq!(report.tally.notes[0].line, 3);
        assert!(report.tally.notes[0].why.starts_with("unfinished"));
        assert_eq!(messages(&world).await, 2);
    }
    world.write(PATH, whole.as_bytes());
    assert_eq!(world.import(ClaudeCode, PATH).await.events_added, 1);
}

#[tokio::test]
async fn a_whole_last_record_needs_no_line_feed() {
    let world = World::new();
    world.write(PATH, prompts(0..2).trim_end().as_bytes());
    assert_eq!(world.import(ClaudeCode, PATH).await.events_added, 3);
    world.write(PATH, prompts(0..2).as_bytes());
    assert_eq!(world.import(ClaudeCode, PATH).await.events_added, 0);
}

#[tokio::test]
async fn a_name_given_in_annals_outlives_the_next_import() {
    let world = World::new();
    let title = "{\"type\":\"custom-title\",\"customTitle\":\"theirs\"}\n";
    world.write(PATH, format!("{title}{}", prompts(0..2)).as_bytes());
    world.import(ClaudeCode, PATH).await;
    let id = ID.parse().unwrap();
    world.manager.name_session(&id, "mine").await.unwrap();
    world.write(PATH, format!("{title}{}{title}", prompts(0..2)).as_bytes());
    assert_eq!(world.import(ClaudeCode, PATH).await.events_added, 0);
    let state = world.manager.get_session(&id).await.unwrap();
    assert_eq!(state.name.unwrap().as_str(), "mine");
}

#[tokio::test]
async fn a_session_archived_or_deleted_in_annals_is_not_brought_back() {
    for is_deleted in [false, true] {
        let world = World::new();
        world.write(PATH, prompts(0..2).as_bytes());
        world.import(ClaudeCode, PATH).await;
        let id = ID.parse().unwrap();
        let (state, expected) = if is_deleted {
            (world.manager.delete_session(&id).await.unwrap(), SessionStatus::Deleted)
        } else {
            (world.manager.archive_session(&id).await.unwrap(), SessionStatus::Archived)
        };
        assert_eq!(world.import(ClaudeCode, PATH).await.refused, None, "nothing is new");

        world.write(PATH, prompts(0..4).as_bytes());
        let refused = world.import(ClaudeCode, PATH).await;
        let note = refused.refused.as_ref().unwrap();
        assert_eq!(note.line, 3);
        assert!(note.why.contains("restore it first"), "{}", note.why);
        assert!(!refused.is_clean());
        assert_eq!((refused.events_added, refused.events_present), (0, 3));
        let after = world.manager.get_session(&id).await.unwrap();
        assert_eq!((after.status, after.seq), (expected, state.seq));

        world.manager.restore_session(&id).await.unwrap();
        assert_eq!(world.import(ClaudeCode, PATH).await.events_added, 2);
    }
}

#[tokio::test]
async fn a_session_that_somebody_else_began_is_added_to() {
    let world = World::new();
    let id = ID.parse().unwrap();
    let message = Some("begun by a hook".to_owned());
    let new = NewSession { message, ..NewSession::default() };
    world.manager.create_session(Some(id), new).await.unwrap();
    world.write(PATH, prompts(0..2).as_bytes());
    let report = world.import(ClaudeCode, PATH).await;
    assert_eq!((report.events_added, report.events_present), (2, 1));
    assert_eq!(messages(&world).await, 3);
}

#[tokio::test]
async fn an_event_that_is_refused_costs_no_other() {
    let world = World::new();
    let long_path = "d/".repeat(3000);
    let edit = format!(
        "{{\"type\":\"assistant\",\"uuid\":\"e\",\"timestamp\":\"2026-11-01T09:00:00Z\",\"message\":{{\"content\":\
         [{{\"type\":\"tool_use\",\"name\":\"Edit\",\"input\":{{\"file_path\":\"{long_path}\"}}}}]}}}}\n"
    );
    world.write(PATH, format!("{}{edit}{}", prompts(0..1), prompts(1..2)).as_bytes());
    let report = world.import(ClaudeCode, PATH).await;
    assert_eq!(report.tally.unreadable.len(), 1, "{report:?}");
    assert_eq!(report.tally.unreadable[0].line, 2);
    assert!(!report.tally.unreadable[0].why.contains("d/d"));
    assert_eq!(messages(&world).await, 3);
}

#[tokio::test]
async fn the_watcher_is_told_of_every_byte() {
    let world = World::new();
    let text = prompts(0..700);
    world.write(PATH, text.as_bytes());
    let transcript = &world.transcripts(ClaudeCode, PATH)[0];
    let watched = Watched::default();
    world.manager.import_transcript(&world.disk, transcript, &watched).await.unwrap();
    let told = watched.0.into_inner().unwrap();
    assert_eq!(told[0], format!("begin {PATH} {}", text.len()));
    assert_eq!(told.last().unwrap(), "finish");
    let advanced: usize = told
        .iter()
        .filter_map(|what| what.strip_prefix("advance "))
        .map(|bytes| bytes.parse::<usize>().unwrap())
        .sum();
    assert_eq!(advanced, text.len());
}

#[tokio::test]
async fn batches_are_told_by_their_size_and_a_long_text_goes_alone() {
    let world = World::new();
    let long = "z".repeat(900_000);
    let line = |uuid: &str| {
        format!(
            "{{\"type\":\"user\",\"uuid\":\"{uuid}\",\"timestamp\":\"2026-11-01T08:00:00Z\",\"message\":{{\"content\":\"{long}\"}}}}\n"
        )
    };
    world.write(PATH, format!("{}{}{}", line("a"), line("b"), line("c")).as_bytes());
    let report = world.import(ClaudeCode, PATH).await;
    assert_eq!((report.events_added, report.events_present), (4, 0));
    let id = ID.parse().unwrap();
    let role = Role::user();
    world.manager.record_message(&id, NewMessage::new(role, "afterwards")).await.unwrap();
    assert_eq!(messages(&world).await, 4);
}
