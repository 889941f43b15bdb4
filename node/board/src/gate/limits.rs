//! The bounds that one update, or one state vector, must keep.

/// What a document may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    /// A board: nothing that our own libraries cannot keep as it is.
    Board,
    /// A document of somebody else's application: all that yrs survives.
    Raw,
}

/// Bounds of one update. Counts are checked while reading, before anything is reserved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    pub profile: Profile,
    /// The whole update.
    pub bytes_max: usize,
    /// Clients with structs, clients with deletions and clients referred to, each.
    pub clients_max: u32,
    /// Structs cost yrs up to 50 times their bytes; this keeps one update under about 200 MB.
    pub structs_max: u32,
    pub delete_ranges_max: u32,
    /// A run of text, a string value, a formatting value as JSON.
    pub string_bytes_max: usize,
    /// A root's name, a map key, an XML node name.
    pub key_bytes_max: usize,
    /// A byte array.
    pub binary_bytes_max: usize,
    /// Plain values (numbers, strings, arrays, maps and what is in them), counted over the whole update.
    pub values_max: u32,
    /// Plain arrays and maps inside each other.
    pub value_depth_max: u32,
    /// Shared types inside each other; yrs walks down them by recursion.
    pub nesting_max: u32,
    /// Clients in a state vector: one for every page that was ever opened on the document.
    pub state_vector_clients_max: u32,
}

impl Limits {
    /// For boards. An element's text is at most 20,000 characters and a pen's points about 350 KB: both far below.
    pub fn board() -> Limits {
        Limits {
            profile: Profile::Board,
            bytes_max: 16 << 20,
            clients_max: 10_000,
            structs_max: 500_000,
            delete_ranges_max: 500_000,
            string_bytes_max: 1 << 20,
            key_bytes_max: 1 << 10,
            binary_bytes_max: 1 << 20,
            values_max: 1_000_000,
            value_depth_max: 32,
            nesting_max: 64,
            state_vector_clients_max: 200_000,
        }
    }

    /// For raw documents, where only yrs' own safety counts.
    pub fn raw() -> Limits {
        Limits {
            profile: Profile::Raw,
            string_bytes_max: 16 << 20,
            key_bytes_max: 64 << 10,
            binary_bytes_max: 16 << 20,
            values_max: 2_000_000,
            value_depth_max: 64,
            nesting_max: 256,
            ..Limits::board()
        }
    }

    /// For what is already stored: nothing but the format, whatever bounds were in force when it came.
    pub fn stored() -> Limits {
        Limits {
            bytes_max: usize::MAX,
            clients_max: u32::MAX,
            structs_max: u32::MAX,
            delete_ranges_max: u32::MAX,
            string_bytes_max: usize::MAX,
            key_bytes_max: usize::MAX,
            binary_bytes_max: usize::MAX,
            values_max: u32::MAX,
            state_vector_clients_max: u32::MAX,
            ..Limits::raw()
        }
    }
}

impl Default for Limits {
    fn default() -> Limits {
        Limits::board()
    }
}
