//! The endpoint as a client sees it: bytes over a socket.

mod client;
mod replay;
mod script;
mod server;
