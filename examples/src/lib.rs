//! The examples are programs of their own, in `examples/`; this library is empty.
