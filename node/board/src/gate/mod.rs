//! The gate: reads the Yjs v1 encoding itself, before yrs is called, and refuses what must not come in.
//!
//! yrs cannot roll back, reserves memory by the sender's counts and trusts what it decodes; a browser that receives a
//! relayed update trusts it as well. So everything foreign passes here first: the whole input is walked once, front to
//! back, with bounds on every count, and nothing is built but one entry for each client named. What passes has one
//! meaning in yrs and in yjs 13, ends exactly where the input ends, and is described by a [`Summary`] from which a room
//! decides whether it can be applied now.

mod json;
mod limits;
mod outline;
mod reader;
mod refusal;
mod structs;
mod summary;
mod touched;
mod update;

pub use limits::{Limits, Profile};
pub use outline::Outline;
pub use refusal::Refusal;
pub use summary::{ClientRange, Summary};
pub use touched::{Ledger, made};
pub use update::{check_state_vector, check_update, is_nothing};

/// Client ids are numbers that JavaScript holds exactly.
pub const CLIENT_MAX: u64 = (1 << 53) - 1;

/// One past the largest clock. yrs keeps clocks as `u32` and subtracts them as `i32`: beyond this it would overflow.
pub const CLOCK_END_MAX: u64 = i32::MAX as u64;
