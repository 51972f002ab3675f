//! Who makes a change.

use annals::manager::{SessionManager, author_from_environment};
use annals::repository::InMemoryRepository;
use annals::vocabulary::Author;

use super::support::author;

#[test]
fn an_author_found_from_the_environment_is_this_process() {
    let found = author_from_environment();
    assert_eq!(found.pid, std::process::id());
    assert_eq!(found.version, env!("CARGO_PKG_VERSION"));
    assert!(found.program.starts_with("manager-"), "{}", found.program);
    assert!(!found.user.is_empty() && !found.host.is_empty());
    assert_eq!(SessionManager::new(InMemoryRepository::new()).author(), &found);
}

#[test]
fn an_author_that_is_given_is_cut_to_what_a_record_holds() {
    let by = Author { program: "\u{1b}]0;title\u{7}".to_owned(), ..author() };
    let manager = SessionManager::new(InMemoryRepository::new()).with_author(by.clone());
    assert_eq!(manager.author(), &by.bounded());
    assert!(!manager.author().program.contains('\u{1b}'));
}
