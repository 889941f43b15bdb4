//! The server from outside, a subject a file: one program, so that it is linked once and those that mostly wait do so side
//! by side. What has a setting or a report of its own is a program beside it.

mod across;
mod cluster;
mod durable;
mod elements;
mod examples;
mod hostile;
mod operator;
mod people;
mod revoked;
mod secrets;
mod start;
mod stock;
mod systemd;
mod tls;
mod wire;
