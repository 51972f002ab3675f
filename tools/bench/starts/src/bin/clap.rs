//! Reads a command line with a command and some options.

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[arg(long, global = true)]
    store: Option<String>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    List {
        #[arg(long)]
        limit: Option<usize>,
    },
}

fn main() {
    let arguments = Arguments::parse_from(["starts", "list", "--limit", "20"]);
    let Command::List { limit } = arguments.command;
    std::hint::black_box((arguments.store, limit));
}
