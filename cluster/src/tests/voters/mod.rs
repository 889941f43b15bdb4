//! Three voters in one process, over loopback TCP: real nodes in real folders, with a network that can be cut.
//!
//! A run has a seed for its choices; a failure prints it, and `VOTERS_SEED` runs it again. `VOTERS_SECONDS` makes the
//! run with faults longer.

mod blobs;
mod bus;
mod changes;
mod contents;
mod elections;
mod faults;
mod forward;
mod group;
mod hostile;
mod measure;
mod net;
mod slow;
mod steady;
mod wire;
mod writers;

pub(super) use writers::Choices;
