//! The endpoint: HTTP on a port, for as long as [`Running`] lives.
//!
//! # Invariants
//! - It listens on this machine only, unless remote clients were allowed.
//! - No request makes it panic: what cannot be read is answered in the service's form.
//! - When [`Running`] is dropped the port and every connection are closed; nothing goes on in the background.
//! - When a client leaves, the work on its answer ends.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, PoisonError},
    time::Duration,
};

use tokio::{net::TcpListener, sync::watch, task::JoinHandle};

use crate::{
    Auth, Cut, Delivery, Demo, FaultError, Log, ReceivedRequest, Replay, Script, StartError, faults::Fault,
    replay::Replayer, script::Player,
};

mod accept;
mod bounds;
mod parse;
mod pipeline;

pub use bounds::Bounds;
pub(crate) use parse::Asked;
use pipeline::{Model, Settings, Shared};

/// An endpoint that is not running yet.
#[derive(Debug)]
pub struct Local {
    source: Source,
    address: SocketAddr,
    allows_remote: bool,
    /// `None`: as it is usual for the source.
    rules: Option<bool>,
    faults: Vec<String>,
    bounds: Bounds,
    settings: Settings,
}

/// Where answers come from.
#[derive(Debug)]
enum Source {
    Script(Script),
    Replay(Replay),
    Demo(Demo),
}

impl Local {
    /// An endpoint that plays a script.
    pub fn script(script: Script) -> Self {
        Self::of(Source::Script(script))
    }

    /// An endpoint that answers as recorded.
    pub fn replay(replay: Replay) -> Self {
        Self::of(Source::Replay(replay))
    }

    /// An endpoint with the demo model, a stand-in that reads requests for real.
    pub fn demo() -> Self {
        Self::demo_of(Demo::new())
    }

    /// As [`Local::demo`], with a demo model that was set up.
    pub fn demo_of(demo: Demo) -> Self {
        Self::of(Source::Demo(demo))
    }

    fn of(source: Source) -> Self {
        Self {
            source,
            address: (Ipv4Addr::LOCALHOST, 0).into(),
            allows_remote: false,
            rules: None,
            faults: Vec::new(),
            bounds: Bounds::default(),
            settings: Settings::default(),
        }
    }

    /// Where to listen. Otherwise on a free port of 127.0.0.1.
    #[must_use]
    pub fn listen(mut self, address: impl Into<SocketAddr>) -> Self {
        self.address = address.into();
        self
    }

    /// Lets it listen on an address that other machines can reach.
    #[must_use]
    pub fn allow_remote(mut self) -> Self {
        self.allows_remote = true;
        self
    }

    /// Refuses what the service refuses, see [`judge`](crate::judge). The demo model does so anyway.
    #[must_use]
    pub fn with_rules(mut self) -> Self {
        self.rules = Some(true);
        self
    }

    /// Refuses only what cannot be read.
    #[must_use]
    pub fn without_rules(mut self) -> Self {
        self.rules = Some(false);
        self
    }

    /// How clients prove who they are. Otherwise nobody asks.
    #[must_use]
    pub fn auth(mut self, auth: Auth) -> Self {
        self.settings.auth = auth;
        self
    }

    /// Adds a fault, such as `throttling@..2`; the crate's README has the whole list.
    #[must_use]
    pub fn fault(mut self, spec: impl Into<String>) -> Self {
        self.faults.push(spec.into());
        self
    }

    /// Obeys the header `x-outcrop-fault` of requests: faults as for [`Local::fault`], with commas between them.
    #[must_use]
    pub fn faults_by_header(mut self) -> Self {
        self.settings.faults_by_header = true;
        self
    }

    /// Shows exchanges on stderr.
    #[must_use]
    pub fn log(mut self, log: Log) -> Self {
        self.settings.log = log;
        self
    }

    /// The limits.
    #[must_use]
    pub fn bounds(mut self, bounds: Bounds) -> Self {
        self.bounds = bounds;
        self
    }

    /// The longest body that is taken, 25 MB if not set. A longer one is answered with status 413.
    #[must_use]
    pub fn max_body_bytes(mut self, max_body_bytes: usize) -> Self {
        self.bounds.body_bytes = max_body_bytes;
        self
    }

    /// Forgets each request once it is answered, so that an endpoint may run for days. [`Running::requests`] is then
    /// always empty.
    #[must_use]
    pub fn forget_requests(mut self) -> Self {
        self.settings.forgets_requests = true;
        self
    }

    /// Starts.
    ///
    /// # Errors
    /// The script cannot be played, a fault cannot be understood, or the address cannot or must not be had.
    pub async fn start(mut self) -> Result<Running, StartError> {
        let (model, usual_rules) = match self.source {
            Source::Script(script) => {
                script.check()?;
                (Model::Script(Player::new(script)), false)
            }
            Source::Replay(replay) => (Model::Replay(Replayer::new(replay)), false),
            Source::Demo(demo) => (Model::Demo(demo), true),
        };
        self.settings.rules = self.rules.unwrap_or(usual_rules);
        let faults = self.faults.iter().map(|spec| spec.parse()).collect::<Result<Vec<Fault>, _>>()?;
        bounds::check_address(self.address, self.allows_remote)?;
        let failed = |source| StartError::Bind { address: self.address, source };
        let listener = TcpListener::bind(self.address).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let shared = Arc::new(Shared::new(model, self.settings, self.bounds.clone(), faults));
        let (stop, stopping) = watch::channel(false);
        let task = tokio::spawn(accept::serve(listener, self.bounds, shared.clone(), stopping));
        Ok(Running { address, url: format!("http://{address}"), shared, task: Some(task), stop })
    }
}

/// A running endpoint; it stops when this is dropped.
#[derive(Debug)]
pub struct Running {
    address: SocketAddr,
    url: String,
    shared: Arc<Shared>,
    task: Option<JoinHandle<()>>,
    stop: watch::Sender<bool>,
}

impl Running {
    /// What a client takes as its endpoint, such as `http://127.0.0.1:40123`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What was received by now, in order.
    pub fn requests(&self) -> Vec<ReceivedRequest> {
        self.shared.requests().clone()
    }

    /// As [`Running::requests`], and forgets them.
    pub fn take_requests(&self) -> Vec<ReceivedRequest> {
        std::mem::take(&mut self.shared.requests())
    }

    /// From the next answer on, cuts every body thus, whatever script or recording say.
    pub fn deliver(&self, delivery: Delivery, cut: Option<Cut>) {
        *self.shared.delivery.lock().unwrap_or_else(PoisonError::into_inner) = Some((delivery, cut));
    }

    /// From the next request on, these are the faults, in place of those there were.
    ///
    /// # Errors
    /// One cannot be understood; the faults then stay as they were.
    pub fn set_faults<'a>(&self, specs: impl IntoIterator<Item = &'a str>) -> Result<(), FaultError> {
        let faults = specs.into_iter().map(str::parse).collect::<Result<_, _>>()?;
        *self.shared.faults.lock().unwrap_or_else(PoisonError::into_inner) = faults;
        Ok(())
    }

    /// Takes no more requests, finishes the answers that are on their way, and stops.
    ///
    /// An answer that was told to fall silent ends only when its client leaves; see [`Running::stop_within`].
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        if let Some(task) = self.task.take() {
            let _held = AbortOnDrop(task.abort_handle());
            // An error means that it panicked or was cancelled with the runtime: stopped in any case.
            let _ = task.await;
        }
    }

    /// As [`Running::stop`], and breaks off what is not finished after so long. Tells whether all was.
    pub async fn stop_within(self, limit: Duration) -> bool {
        tokio::time::timeout(limit, self.stop()).await.is_ok()
    }
}

/// A wait that is given up ends what was waited for.
struct AbortOnDrop(tokio::task::AbortHandle);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}
