//! What the figures were measured on. Neither the machine nor a place on it is named.

use std::fs;
use std::process::Command;

/// One line each, for the page.
pub fn facts() -> String {
    let versions: Vec<String> = ["rusqlite", "libsqlite3-sys", "redb", "fjall", "salamander-db"]
        .into_iter()
        .filter_map(|name| Some(format!("{name} {}", locked_version(name)?)))
        .collect();
    let cpus = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    format!(
        "- {cpus} processors, {}\n- Linux {}, {} on a {} disk, {} of memory\n- load of the last minute at the end \
         of the run: {} (of others too)\n- {}; {}\n",
        field("/proc/cpuinfo", "model name"),
        word("/proc/sys/kernel/osrelease"),
        printed(Command::new("stat").args(["--file-system", "--format=%T", "."])),
        if word("/proc/cpuinfo").is_empty()
            || !field("/proc/cpuinfo", "flags").contains("hypervisor")
        {
            "physical"
        } else {
            "virtual"
        },
        field("/proc/meminfo", "MemTotal"),
        word("/proc/loadavg"),
        printed(Command::new("rustc").arg("--version")),
        versions.join(", "),
    )
}

/// The first word of a file.
fn word(path: &str) -> String {
    let text = fs::read_to_string(path).unwrap_or_default();
    text.split_whitespace().next().unwrap_or_default().to_owned()
}

/// What a file says after a name and a colon.
fn field(path: &str, name: &str) -> String {
    let text = fs::read_to_string(path).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.split_once(':'));
    line.map(|(_, value)| value.trim().to_owned()).unwrap_or_default()
}

fn printed(command: &mut Command) -> String {
    let output = command.output().map(|output| output.stdout).unwrap_or_default();
    String::from_utf8_lossy(&output).trim().to_owned()
}

/// The version of a package that this one was built with.
fn locked_version(name: &str) -> Option<String> {
    let lock = include_str!("../Cargo.lock");
    let package =
        lock.split("[[package]]").find(|text| text.contains(&format!("name = \"{name}\"\n")))?;
    let version = package.lines().find_map(|line| line.strip_prefix("version = "))?;
    Some(version.trim_matches('"').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_those_that_were_built_with() {
        assert!(locked_version("redb").is_some_and(|version| version.starts_with("4.")));
        assert_eq!(locked_version("no such package"), None);
    }
}
