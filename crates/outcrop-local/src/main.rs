//! The program `outcrop-local`: an endpoint until it is told to stop.
//!
//! # Invariants
//! - Stdout gets one line, `listening on http://…`, once it is ready; everything else goes to stderr.
//! - What is wrong with the arguments or the files is told before it listens, with exit code 2; after SIGINT or
//!   SIGTERM the exit code is 0.

use std::{error::Error, io::Write, process::ExitCode, time::Duration};

use clap::Parser;
use outcrop_local::Running;

mod cli;

/// How long answers that are on their way may take after the program was told to stop.
const LAST_ANSWERS: Duration = Duration::from_secs(10);

/// The exit code for wrong arguments and files, as clap has it.
const WRONG: u8 = 2;

#[tokio::main]
async fn main() -> ExitCode {
    let args = cli::Args::parse();
    // Before it listens, so that no signal is missed.
    let stop = match Stop::new() {
        Ok(stop) => stop,
        Err(error) => return fail(&error, 1),
    };
    let running = match start(args).await {
        Ok(running) => running,
        Err(error) => return fail(&*error, WRONG),
    };
    if let Err(error) = tell(&running) {
        return fail(&error, 1);
    }
    serve(running, stop).await;
    ExitCode::SUCCESS
}

async fn start(args: cli::Args) -> Result<Running, Box<dyn Error>> {
    Ok(args.into_local()?.start().await?)
}

fn tell(running: &Running) -> std::io::Result<()> {
    let mut stdout = std::io::stdout().lock();
    writeln!(stdout, "listening on {}", running.url())?;
    stdout.flush()
}

/// Until the first signal; a second one cuts short what the first one waits for.
async fn serve(running: Running, mut stop: Stop) {
    stop.told().await;
    tokio::select! {
        _ = running.stop_within(LAST_ANSWERS) => {}
        () = stop.told() => {}
    }
}

/// Says the error and all that it stems from.
fn fail(error: &dyn Error, code: u8) -> ExitCode {
    let mut text = format!("outcrop-local: {error}");
    let mut source = error.source();
    while let Some(error) = source {
        text.push_str(&format!(": {error}"));
        source = error.source();
    }
    // There is nobody to tell when stderr is closed.
    let _ = writeln!(std::io::stderr(), "{text}");
    ExitCode::from(code)
}

/// The signals that end the program.
#[cfg(unix)]
struct Stop {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Stop {
    fn new() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    async fn told(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

/// The signals that end the program.
#[cfg(not(unix))]
struct Stop;

#[cfg(not(unix))]
impl Stop {
    fn new() -> std::io::Result<Self> {
        Ok(Self)
    }

    async fn told(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
