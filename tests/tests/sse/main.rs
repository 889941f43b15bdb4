//! A board without a WebSocket: events down, posts up, over plain HTTP as curl would speak it.
//!
//! `client` is such a client; `streams` is what comes down, `posts` what goes up and what is wrong with it, `people` who
//! may, `endings` how a stream comes to its end.

mod client;
mod endings;
mod people;
mod posts;
mod streams;
