//! The storage crate from outside: rules under a chosen clock, the engine under crashes, formats against samples.

mod conformance;
mod crash;
mod expiry;
mod golden;
mod opening;
mod postgres;
mod properties;
mod rounds;
mod snapshots;
mod support;
