//! The disk of one node of three fills while people draw through all of them: that node says so, the others go on, and
//! nothing that was acknowledged is lost.

mod day;
mod last_byte;
mod reserve;

const NODES: usize = 3;
/// Whose disk is small.
const SMALL: usize = 1;
const DISK_MIB: u64 = 192;
const RESERVE_MIB: u64 = 64;
