//! Telling others what was measured.

use std::sync::Arc;

use super::{FileSystemRepository, Hop, Inner};
use crate::vocabulary::Figures;

impl FileSystemRepository {
    /// Tells what was measured, and folds the catalog where that has made it too long: on another
    /// thread, where there is a pool of them.
    pub(super) fn tell_and_fold(&self, figures: &Figures) -> bool {
        let is_told = self.inner.tell_figures(figures);
        if self.inner.is_due_to_fold() {
            match tokio::runtime::Handle::try_current() {
                Ok(runtime) if self.hop == Hop::ToThePool => {
                    let inner = Arc::clone(&self.inner);
                    runtime.spawn_blocking(move || inner.fold_if_due());
                }
                _ => self.inner.fold_if_due(),
            }
        }
        is_told
    }
}

impl Inner {
    /// Tells the catalog, by way of what is open of it already.
    fn tell_figures(&self, figures: &Figures) -> bool {
        let (disk, feed) = (&*self.store.disk, &self.store.feed);
        if let Ok(kept) = self.catalog.try_lock()
            && let Some(view) = &*kept
        {
            feed.adopt(disk, view);
        }
        feed.tell_figures(disk, figures)
    }
}
