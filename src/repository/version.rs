//! A token for what a session's history has come to.

/// Which version of a session's history a repository holds. Two equal versions of one repository
/// mean that nothing was appended, recovered or replaced in between; nothing else can be read
/// from it, and it means nothing to another repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Version {
    journal: u128,
    end: u64,
}

impl Version {
    /// A version, for implementations of a repository: which journal it is (another one after the
    /// session was deleted and made again, or recovered) and where it ends.
    #[must_use]
    pub fn new(journal: u128, end: u64) -> Self {
        Self { journal, end }
    }
}
