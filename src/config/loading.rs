//! Putting together what flags, variables and the file say.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use super::file::{self, Entry};
use super::{Config, ConfigError, KEYS, Key, Objection, Source, places, suggestion};

/// How the variables of annals begin.
const PREFIX: &str = "ANNALS_";

/// Names the configuration file.
const FILE_VARIABLE: &str = "ANNALS_CONFIG";

/// Variables of the project's own tests and tools, which run the command with them set.
const DEVELOPMENT: [&str; 8] = [
    "ANNALS_BINARY",
    "ANNALS_CORPUS",
    "ANNALS_FUZZ_TOOLCHAIN",
    "ANNALS_LONG",
    "ANNALS_TEST_PART",
    "ANNALS_TEST_PLACE",
    "ANNALS_TEST_SEED",
    "ANNALS_WRITE_PAGES",
];

/// What a configuration is put together from.
#[derive(Debug, Clone, Default)]
pub struct Inputs {
    /// The file that a flag names.
    pub file: Option<PathBuf>,
    /// The environment: names and values.
    pub environment: Vec<(OsString, OsString)>,
    /// What flags say.
    pub flags: Vec<Overridden>,
}

/// A flag of the command line that says what a key is.
#[derive(Debug, Clone)]
pub struct Overridden {
    /// The flag.
    pub flag: &'static str,
    /// The key.
    pub key: &'static str,
    /// The value.
    pub value: OsString,
}

impl Inputs {
    /// The environment of this process, and nothing else.
    #[must_use]
    pub fn of_process() -> Self {
        Self { environment: std::env::vars_os().collect(), ..Self::default() }
    }
}

impl Config {
    /// What counts. Where no file is named and there is none in the user's folder, that takes one
    /// attempt to open it.
    ///
    /// # Errors
    ///
    /// What is said cannot be read or cannot be meant: the first such thing.
    pub fn load(inputs: &Inputs) -> Result<Self, ConfigError> {
        let mut config = Self { store: places::default_store(), ..Self::default() };
        config.take_file(inputs)?;
        for (name, value) in &inputs.environment {
            config.take_variable(name, value)?;
        }
        for Overridden { flag, key, value } in &inputs.flags {
            if let Some(key) = KEYS.iter().find(|known| known.name == *key) {
                config.set(key, value, Source::Flag(flag))?;
            }
        }
        #[cfg(feature = "otel")]
        config.take_standard_variables(&inputs.environment);
        config.can_be_done()?;
        Ok(config)
    }

    /// Whether this build can do what is asked of it. Whoever names a collector relies on its being
    /// told.
    fn can_be_done(&self) -> Result<(), ConfigError> {
        let (key, feature) = ("telemetry_endpoint", "otel");
        match self.sources.get(key) {
            Some(origin) if self.telemetry && !cfg!(feature = "otel") => {
                Err(ConfigError::NotBuilt { origin: origin.clone(), key, feature })
            }
            _ => Ok(()),
        }
    }

    fn take_file(&mut self, inputs: &Inputs) -> Result<(), ConfigError> {
        let is_file_variable =
            |(name, value): &&(OsString, OsString)| name == FILE_VARIABLE && !value.is_empty();
        let variable = || inputs.environment.iter().find(is_file_variable);
        let named = inputs.file.clone().or_else(|| variable().map(|(_, value)| value.into()));
        let is_named = named.is_some();
        let Some(path) = named.or_else(places::default_file) else { return Ok(()) };
        let Some(written) = file::read(&path, is_named)? else { return Ok(()) };
        for entry in &written.entries {
            self.take_entry(&path, entry, written.mode)?;
        }
        Ok(())
    }

    fn take_entry(&mut self, path: &Path, entry: &Entry, mode: u32) -> Result<(), ConfigError> {
        let origin = Source::File { path: path.to_owned(), line: entry.line };
        let Some(key) = KEYS.iter().find(|key| key.name == entry.name) else {
            let name = entry.name.clone();
            let names = KEYS.iter().map(|key| key.name.to_owned());
            let suggestion = suggestion::nearest(&name.replace('.', "_"), names);
            return Err(ConfigError::Unknown { origin, name, suggestion });
        };
        if key.kind.is_secret() && mode & 0o077 != 0 {
            let (path, mode) = (path.to_owned(), mode & 0o777);
            return Err(ConfigError::Exposed { path, key: key.name, mode });
        }
        let Some(value) = &entry.value else {
            let expected = key.kind.expected();
            let objection = Objection::Kind { expected, found: "something else".to_owned() };
            return Err(ConfigError::Value { origin, key: key.name, objection });
        };
        self.set(key, value, origin)
    }

    /// Takes a variable, if it is one of annals'. An empty one says nothing, but for a secret: whoever
    /// sets that relies on it.
    fn take_variable(&mut self, name: &OsStr, value: &OsStr) -> Result<(), ConfigError> {
        let Some(name) = name.to_str().filter(|name| name.starts_with(PREFIX)) else {
            return Ok(());
        };
        if name == FILE_VARIABLE || DEVELOPMENT.contains(&name) {
            return Ok(());
        }
        let origin = Source::Environment(name.to_owned());
        match KEYS.iter().find(|key| key.variable() == name) {
            Some(key) if value.is_empty() && !key.kind.is_secret() => Ok(()),
            Some(key) => self.set(key, value, origin),
            None => {
                let bare = |variable: &str| variable.replacen(PREFIX, "", 1);
                let known = KEYS.iter().map(Key::variable).chain([FILE_VARIABLE.to_owned()]);
                let meant = suggestion::nearest(&bare(name), known.map(|known| bare(&known)));
                let suggestion = meant.map(|meant| format!("{PREFIX}{meant}"));
                Err(ConfigError::Unknown { origin, name: name.to_owned(), suggestion })
            }
        }
    }

    pub(super) fn set(
        &mut self,
        key: &'static Key,
        value: &OsStr,
        origin: Source,
    ) -> Result<(), ConfigError> {
        match key.kind.set(self, value) {
            Ok(()) => {
                self.sources.insert(key.name, origin);
                Ok(())
            }
            Err(objection) => Err(ConfigError::Value { origin, key: key.name, objection }),
        }
    }
}
