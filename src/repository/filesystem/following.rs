//! Following the store: by the catalog where there is one to be had, else by listing.

use tracing::debug;

use super::{FileSystemRepository, Inner};
use crate::journal::catalog::{Folding, Heard, Unusable};
use crate::repository::following::Soundness;
use crate::repository::{Following, Growth, RepositoryError, SessionRepository as _};
use crate::vocabulary::SessionFilter;

/// How often a catalog that others are folding is opened again.
const TRIES_MAX: usize = 8;

impl FileSystemRepository {
    pub(super) async fn growths_by_catalog(
        &self,
        following: &mut Following,
    ) -> Result<Vec<Growth>, RepositoryError> {
        if self.inner.settings.catalog {
            let mut own = std::mem::take(following);
            // What has been told is known after a failure, too.
            let told = move |inner: &Inner| Ok((inner.growths(&mut own), own));
            let (growths, own) = self.blocking(told).await?;
            *following = own;
            if let Some(growths) = growths? {
                return Ok(growths);
            }
        }
        following.compare(self.sessions(&SessionFilter::everything()).await?).await
    }
}

impl Inner {
    /// What has grown, as the catalog tells; `None` where there is none to be had.
    fn growths(&self, following: &mut Following) -> Result<Option<Vec<Growth>>, RepositoryError> {
        if !self.store.exists()? {
            // All that will be there is new.
            return Ok(Some(following.note().1.finish()));
        }
        for _ in 0..TRIES_MAX {
            let paths = self.store.feed.paths();
            match following.position.hear(&*self.store.disk, paths) {
                Ok(heard) => return self.taken(following, heard).map(Some),
                Err(Unusable::Moved | Unusable::Unread) => {}
                Err(Unusable::Spoilt(why)) => {
                    debug!(why, "the catalog is made again");
                    if !self.fold(Folding::Journals) {
                        return Ok(None);
                    }
                }
                Err(Unusable::Disk(error)) => {
                    debug!(%error, "following goes on without the catalog");
                    return Ok(None);
                }
            }
        }
        Ok(None)
    }

    fn taken(
        &self,
        following: &mut Following,
        heard: Vec<Heard>,
    ) -> Result<Vec<Growth>, RepositoryError> {
        let (_, mut growths) = following.note();
        if heard.contains(&Heard::All) {
            growths.retain(heard.iter().filter_map(Heard::session));
        }
        for one in heard {
            match one {
                Heard::Seq(session, seq) => growths.take(session, seq, Soundness::Sound),
                Heard::Gone(session) => growths.forget(&session),
                Heard::Look(session) => {
                    let seen = self.look(&session, |journal| {
                        let replay = journal.replay();
                        (replay.seq, replay.findings.is_empty())
                    });
                    match seen {
                        Ok((seq, true)) => growths.take(session, seq, Soundness::Sound),
                        Ok((seq, false)) => growths.take(session, seq, Soundness::Unknown),
                        // Removed meanwhile, or beyond reading: whatever becomes of it is told.
                        Err(error) => debug!(session_id = %session, %error, "cannot look at it"),
                    }
                }
                Heard::All => {}
            }
        }
        Ok(growths.finish())
    }
}
