//! Where things are that nobody has named.

use std::ffi::OsString;
use std::path::PathBuf;

use etcetera::BaseStrategy;

/// annals' folder inside the user's folders.
const FOLDER: &str = "annals";
/// The configuration file in it.
const FILE: &str = "config.toml";

/// The store in the user's data directory; `None` where no home is known.
pub(super) fn default_store() -> Option<OsString> {
    Some(base("XDG_DATA_HOME", |base| base.data_dir())?.join(FOLDER).into_os_string())
}

/// The file in the user's folder of configurations; `None` where no home is known.
pub(super) fn default_file() -> Option<PathBuf> {
    Some(base("XDG_CONFIG_HOME", |base| base.config_dir())?.join(FOLDER).join(FILE))
}

/// The folder that the variable names, which counts on every platform; else the platform's own.
fn base(variable: &str, folder: fn(&dyn Base) -> PathBuf) -> Option<PathBuf> {
    if std::env::var_os(variable).is_some() {
        return etcetera::base_strategy::Xdg::new().ok().map(|xdg| folder(&xdg));
    }
    etcetera::base_strategy::choose_native_strategy().ok().map(|native| folder(&native))
}

/// The folders asked for, of whatever strategy.
trait Base {
    fn data_dir(&self) -> PathBuf;
    fn config_dir(&self) -> PathBuf;
}

impl<T: BaseStrategy> Base for T {
    fn data_dir(&self) -> PathBuf {
        BaseStrategy::data_dir(self)
    }

    fn config_dir(&self) -> PathBuf {
        BaseStrategy::config_dir(self)
    }
}
