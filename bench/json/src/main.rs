//! A live JSON value after every delta: what it costs with outcrop-json, with others, and what the floor is.
//!
//! `json` measures time and allocations; `instructions` runs this program again under callgrind, where it does
//! its `stages`.

mod alloc;
mod clock;
mod compare;
mod features;
mod instructions;
mod ours;
mod peers;
mod stages;
mod text;

use std::{env, process::ExitCode};

fn main() -> ExitCode {
    let args: Vec<String> = env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let done = match args[..] {
        ["json"] => compare::run(),
        ["instructions"] => instructions::run(),
        ["stages", kind, ref sizes @ ..] => stages::run(kind, sizes),
        _ => Err("usage: outcrop-bench-json json | instructions".to_owned()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}
