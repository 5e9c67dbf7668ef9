//! The arguments of the program.
//!
//! # Invariants
//! - Whatever can be said here can be said in the library, under the same name.

use std::{error::Error, net::SocketAddr, path::PathBuf};

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};
use outcrop_local::{Auth, Demo, FAULT_KINDS, Local, Log, Replay, Script};

/// A Bedrock Runtime endpoint for one machine: real HTTP, real event-stream frames, no AWS account.
#[derive(Debug, Parser)]
#[command(name = "outcrop-local", version)]
pub(crate) struct Args {
    #[command(subcommand)]
    source: Source,
}

/// Where answers come from.
#[derive(Debug, Subcommand)]
enum Source {
    /// Answers with the demo model, a stand-in that reads requests for real and answers by simple rules.
    Demo {
        /// Other ids and other fragments for the same requests.
        #[arg(long, value_name = "NUMBER", default_value_t = 0)]
        seed: u64,
        /// How long the first event takes, in milliseconds.
        #[arg(long, value_name = "MS", default_value_t = 0)]
        delay_before: u64,
        /// How long each further event takes, in milliseconds.
        #[arg(long, value_name = "MS", default_value_t = 0)]
        delay_between: u64,
        #[command(flatten)]
        how: How,
    },
    /// Plays a script: a JSON file with the answers in order.
    Script {
        /// The script.
        file: PathBuf,
        #[command(flatten)]
        how: How,
    },
    /// Answers as recorded, in order.
    Replay {
        /// The folder of one recorded conversation.
        dir: PathBuf,
        /// Begins again after the last answer.
        #[arg(long)]
        repeating: bool,
        #[command(flatten)]
        how: How,
    },
}

/// What all of them share.
#[derive(ClapArgs, Debug)]
struct How {
    /// The address to listen on; port 0 is a free one.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Allows an address that other machines can reach.
    #[arg(long)]
    allow_remote: bool,
    /// Shows each exchange on stderr; `full` with the bodies.
    #[arg(
        long,
        value_enum,
        value_name = "DETAIL",
        num_args = 0..=1,
        require_equals = true,
        default_value = "off",
        default_missing_value = "short"
    )]
    log: Detail,
    /// Who may ask: off, bearer:TOKEN or sigv4:ACCESS:SECRET[:REGION].
    #[arg(long, value_name = "AUTH", default_value = "off")]
    auth: Auth,
    /// A fault, such as `throttling@1` or `silence=3`; may be given several times.
    #[arg(long = "fault", value_name = "SPEC", long_help = faults())]
    faults: Vec<String>,
    /// Whether requests may ask for faults by the header x-outcrop-fault; yes on loopback if not said.
    #[arg(long, value_enum, value_name = "YES/NO")]
    fault_header: Option<Choice>,
    /// Whether requests are refused as the service refuses them; yes for demo, no for the others if not said.
    #[arg(long, value_enum, value_name = "YES/NO")]
    rules: Option<Choice>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Detail {
    Off,
    Short,
    Full,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Choice {
    Yes,
    No,
}

impl Args {
    /// The endpoint that was asked for; files are read here.
    pub(crate) fn into_local(self) -> Result<Local, Box<dyn Error>> {
        let millis = std::time::Duration::from_millis;
        let (local, how) = match self.source {
            Source::Demo { seed, delay_before, delay_between, how } => {
                let demo = Demo::new().seed(seed);
                let demo = demo.delay_before(millis(delay_before)).delay_between(millis(delay_between));
                (Local::demo_of(demo), how)
            }
            Source::Script { file, how } => (Local::script(Script::from_file(file)?), how),
            Source::Replay { dir, repeating, how } => {
                let replay = Replay::from_dir(dir)?;
                (Local::replay(if repeating { replay.repeating() } else { replay }), how)
            }
        };
        Ok(how.apply(local))
    }
}

impl How {
    fn apply(self, local: Local) -> Local {
        let is_loopback = self.listen.ip().to_canonical().is_loopback();
        let mut local = local.listen(self.listen).auth(self.auth).log(self.log.into()).forget_requests();
        if self.allow_remote {
            local = local.allow_remote();
        }
        if self.fault_header.map_or(is_loopback, |choice| choice == Choice::Yes) {
            local = local.faults_by_header();
        }
        local = match self.rules {
            Some(Choice::Yes) => local.with_rules(),
            Some(Choice::No) => local.without_rules(),
            None => local,
        };
        self.faults.into_iter().fold(local, Local::fault)
    }
}

impl From<Detail> for Log {
    fn from(detail: Detail) -> Self {
        match detail {
            Detail::Off => Self::Off,
            Detail::Short => Self::Short,
            Detail::Full => Self::Full,
        }
    }
}

/// What can be said of faults, one kind a line.
fn faults() -> String {
    let mut text = "A fault: KIND[=VALUE][@WHICH]; may be given several times. WHICH is k for the k-th request, ..k for \
                    the first k, k.. for all from the k-th on; without it, all. The kinds:\n"
        .to_owned();
    for kind in FAULT_KINDS {
        text.push_str(&format!("\n{:<24} {}", kind.form, kind.what.replace('`', "")));
    }
    text
}
