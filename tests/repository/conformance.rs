//! One suite for every repository: a promise is a function, and runs once for each of them.

use std::path::Path;
use std::sync::Arc;

use annals::disk::{Disk, MemoryDisk, RealDisk};
#[cfg(feature = "cache")]
use annals::repository::{CacheOptions, CachedRepository};
use annals::repository::{FileSystemOptions, FileSystemRepository, InMemoryRepository};

use tempfile::TempDir;

use super::catalog::Forgetful;
use super::support::{TestClock, author};

/// Runs every promise against what `$make` makes of a clock: the repository, and what has to stay
/// alive for as long as it does.
macro_rules! conformance {
    ($name:ident, $make:expr) => {
        mod $name {
            #[allow(clippy::wildcard_imports, reason = "whatever the factory needs")]
            use super::*;
            use crate::{
                Place, appending, auditing, concurrency, following, listing, reading, upkeep, watching,
            };

            conformance! { @each $make,
                appending::a_created_session_is_loaded_back,
                appending::an_append_answers_with_the_state_and_where_it_was_recorded,
                appending::what_is_so_already_records_nothing,
                appending::a_session_cannot_be_created_twice,
                appending::a_change_of_an_unknown_session_is_not_found,
                appending::an_expectation_that_is_not_met_is_a_conflict_that_says_where_it_stands,
                appending::a_refused_entry_takes_the_whole_append_with_it,
                appending::a_refused_creation_leaves_no_session_behind,
                appending::an_entry_sees_what_the_ones_before_it_came_to,
                appending::a_key_that_the_journal_holds_changes_nothing,
                appending::a_retry_succeeds_although_the_session_has_moved_on,
                appending::a_retry_of_a_creation_succeeds,
                appending::an_append_with_anything_new_in_it_is_held_to_its_expectation,
                appending::a_key_twice_in_one_append_is_recorded_once,
                appending::a_key_belongs_to_the_first_record_of_its_entry,
                appending::an_append_without_entries_is_a_look,
                appending::records_say_who_and_when,
                appending::an_author_is_cut_to_what_a_record_holds,
                appending::an_event_too_large_for_a_record_is_refused,
                auditing::a_sound_session_verifies_without_findings,
                auditing::an_anchor_that_agrees_proves_the_history_below_it,
                auditing::an_anchor_that_disagrees_is_a_broken_chain,
                auditing::an_anchor_beyond_the_end_is_a_truncation,
                auditing::recovering_a_sound_session_changes_nothing,
                auditing::a_deleted_session_is_gone_for_good,
                auditing::a_session_made_again_begins_anew,
                auditing::nobody_holds_a_lock_when_nobody_writes,
                auditing::every_call_about_an_unknown_session_says_not_found,
                concurrency::appends_from_many_tasks_are_dense_and_all_there,
                concurrency::of_writers_that_expect_the_same_seq_one_wins,
                concurrency::of_creators_of_one_session_one_wins,
                concurrency::a_key_used_by_many_at_once_is_recorded_once,
                following::who_begins_to_follow_is_told_of_nothing_that_has_been,
                following::a_growth_is_told_once_with_all_that_it_holds,
                following::a_session_made_meanwhile_is_told_from_its_beginning,
                following::a_change_that_is_no_activity_is_told_too,
                following::a_session_removed_and_made_again_is_told_anew,
                listing::a_listing_holds_every_session_that_is_not_deleted,
                listing::the_newest_activity_comes_first_and_the_limit_cuts_the_rest,
                listing::a_listing_is_sorted_as_asked,
                listing::a_filter_asks_for_all_of_its_conditions,
                listing::a_search_looks_into_names_messages_and_tags_whatever_the_case,
                listing::a_name_and_the_beginning_of_an_id_are_found_exactly,
                listing::a_stream_of_sessions_that_is_dropped_half_way_harms_nothing,
                listing::an_empty_store_lists_nothing,
                listing::ids_are_those_of_all_sessions_whatever_their_status,
                reading::records_come_in_order_from_a_seq_on,
                reading::records_beyond_the_end_are_none,
                reading::a_history_longer_than_the_read_ahead_comes_whole,
                reading::a_stream_that_is_dropped_half_way_harms_nothing,
                reading::replaying_the_records_gives_the_state,
                reading::each_record_names_the_link_of_the_one_before,
                reading::a_version_changes_with_the_history_and_with_nothing_else,
                reading::a_session_made_again_has_another_version,
                reading::a_long_text_is_kept_whole_and_its_record_holds_an_excerpt,
                reading::an_excerpt_ends_between_two_characters,
                reading::a_text_at_the_bound_stays_in_its_record,
                reading::a_text_that_no_record_refers_to_is_missing,
                upkeep::a_redacted_record_keeps_its_place_and_loses_its_data,
                upkeep::the_state_is_that_of_the_history_without_the_data,
                upkeep::a_redaction_asked_for_twice_is_noted_once,
                upkeep::what_cannot_be_redacted_is_refused,
                upkeep::a_redaction_is_held_to_its_expectation,
                upkeep::compaction_changes_nothing_that_can_be_read,
                upkeep::an_unknown_session_cannot_be_compacted,
                watching::a_change_that_has_been_is_told_at_once,
                watching::whoever_waits_is_woken_by_an_append,
                watching::a_change_is_told_with_where_the_session_stands,
                watching::whoever_waits_for_a_deleted_session_is_told,
            }
        }
    };
    (@each $make:expr, $($area:ident :: $promise:ident),+ $(,)?) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $promise() {
                let clock = TestClock::new();
                let (_alive, repository) = ($make)(Arc::clone(&clock));
                $area::$promise(Place { repository: Arc::new(repository), clock }).await;
            }
        )+
    };
}

fn memory(clock: Arc<TestClock>) -> ((), InMemoryRepository) {
    ((), InMemoryRepository::with_clock(clock))
}

#[cfg(feature = "cache")]
fn cached(
    clock: Arc<TestClock>,
    ttl: Option<std::time::Duration>,
) -> ((), CachedRepository<InMemoryRepository>) {
    let inner = InMemoryRepository::with_clock(Arc::clone(&clock) as _);
    let options = CacheOptions { ttl, ..CacheOptions::default() };
    ((), CachedRepository::new(inner, options).with_clock(clock))
}

fn on(disk: Arc<dyn Disk>, path: &Path, clock: Arc<TestClock>) -> FileSystemRepository {
    let settings = FileSystemOptions { clock, ..FileSystemOptions::new(author()) };
    FileSystemRepository::open_with(disk, path, settings).unwrap()
}

fn in_a_directory(clock: Arc<TestClock>) -> (TempDir, FileSystemRepository) {
    let directory = TempDir::new().unwrap();
    let repository = on(Arc::new(RealDisk), directory.path(), clock);
    (directory, repository)
}

fn without_hops(clock: Arc<TestClock>) -> (TempDir, FileSystemRepository) {
    let (directory, repository) = in_a_directory(clock);
    (directory, repository.without_hops())
}

fn on_a_memory_disk(clock: Arc<TestClock>) -> ((), FileSystemRepository) {
    ((), on(Arc::new(MemoryDisk::new()), Path::new("/store"), clock))
}

fn without_catalog(clock: Arc<TestClock>) -> (TempDir, FileSystemRepository) {
    let directory = TempDir::new().unwrap();
    let settings = FileSystemOptions { clock, catalog: false, ..FileSystemOptions::new(author()) };
    let repository =
        FileSystemRepository::open_with(Arc::new(RealDisk), directory.path(), settings).unwrap();
    (directory, repository)
}

fn forgetful(clock: Arc<TestClock>) -> (TempDir, Forgetful) {
    let (directory, inner) = in_a_directory(clock);
    let catalog = directory.path().join("catalog");
    (directory, Forgetful { inner, disk: Arc::new(RealDisk), catalog })
}

#[cfg(feature = "cache")]
fn cached_directory(clock: Arc<TestClock>) -> (TempDir, CachedRepository<FileSystemRepository>) {
    let (directory, inner) = in_a_directory(Arc::clone(&clock));
    (directory, CachedRepository::new(inner, CacheOptions::default()).with_clock(clock))
}

conformance!(in_memory, memory);
conformance!(in_directory, in_a_directory);
conformance!(in_directory_without_hops, without_hops);
conformance!(on_memory_disk, on_a_memory_disk);
conformance!(in_directory_without_catalog, without_catalog);
conformance!(with_the_catalog_deleted_between_any_two_calls, forgetful);
#[cfg(feature = "cache")]
conformance!(in_cached_directory, cached_directory);
#[cfg(feature = "cache")]
conformance!(cached_and_validated, |clock| cached(clock, None));
#[cfg(feature = "cache")]
conformance!(cached_for_a_time, |clock| cached(clock, Some(std::time::Duration::from_secs(60))));
