//! What the command line says of the configuration.

use std::ffi::OsString;

use super::args::{Cli, Command, Globals};
use crate::config::{Inputs, Overridden};

/// The environment, and the flags that count more.
pub(super) fn inputs(cli: &Cli) -> Inputs {
    let Globals { store, lock_timeout, config, .. } = &cli.globals;
    let flag = |flag, key, value: OsString| Overridden { flag, key, value };
    let mut inputs = Inputs { file: config.clone(), ..Inputs::of_process() };
    inputs.flags.extend(store.clone().map(|store| flag("--store", "store", store)));
    inputs.flags.extend(lock_timeout.map(|timeout| {
        flag(
            "--lock-timeout",
            "lock_timeout_ms",
            timeout.as_micros().div_ceil(1000).to_string().into(),
        )
    }));
    if let Command::Batch(args) = &cli.command {
        let name = args.durability.map(|durability| durability.name().into());
        inputs.flags.extend(name.map(|name| flag("--durability", "durability", name)));
    }
    inputs
}
