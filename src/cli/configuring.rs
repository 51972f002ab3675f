//! What the command line says of the configuration.

use std::ffi::OsString;

use super::args::{Cli, Command, Globals};
#[cfg(feature = "serve")]
use super::commands::serve::ServeArgs;
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
    #[cfg(feature = "serve")]
    if let Command::Serve(args) = &cli.command {
        inputs.flags.extend(of_the_server(args));
    }
    inputs
}

#[cfg(feature = "serve")]
fn of_the_server(args: &ServeArgs) -> impl Iterator<Item = Overridden> {
    let ServeArgs { listen, token_file, allowed_hosts, writable } = args;
    let hosts = Some(allowed_hosts.join(",")).filter(|hosts| !hosts.is_empty());
    let flag = |flag, key, value: OsString| Overridden { flag, key, value };
    let flags = [
        listen.map(|listen| flag("--listen", "serve_listen", listen.to_string().into())),
        token_file.clone().map(|file| flag("--token-file", "serve_token_file", file.into())),
        hosts.map(|hosts| flag("--allow-host", "serve_allowed_hosts", hosts.into())),
        writable.then(|| flag("--writable", "serve_writable", "on".into())),
    ];
    flags.into_iter().flatten()
}
