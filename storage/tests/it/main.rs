//! The storage crate from outside: rules under a chosen clock, the engine under crashes, formats against samples.

mod apart;
mod conformance;
mod crash;
mod expiry;
mod golden;
mod nodes;
mod opening;
mod people;
mod postgres;
mod properties;
mod rounds;
mod s3;
mod sharing;
mod sharing_properties;
mod snapshots;
mod support;
mod world;
