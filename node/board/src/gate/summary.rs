//! What an update brings and what it leans on.

/// Structs of one client, clocks `start..end`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ClientRange {
    pub client: u64,
    pub start: u64,
    pub end: u64,
}

/// What [`check_update`](super::check_update) found. Together with a [`StateVector`](crate::StateVector) it tells
/// whether the update could be applied now without anything being left waiting.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// The structs inside, ascending by client and clock, neighbours joined. Skips are gaps between ranges.
    pub provides: Vec<ClientRange>,
    /// For a client, how far its clock must have come before this update can be applied whole: the start of its last
    /// range here, and one past the largest clock that an origin, a parent or a deletion names and that is not inside.
    pub needs: Vec<(u64, u64)>,
    pub structs: u32,
    pub delete_ranges: u32,
}

impl Summary {
    /// Neither structs nor deletions: what a peer with nothing new answers.
    pub fn is_nothing(&self) -> bool {
        self.structs == 0 && self.delete_ranges == 0
    }
}
