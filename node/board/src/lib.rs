//! What a board *is*: its schema, the gate that foreign bytes must pass, the typed reading of a document and the repair
//! that keeps every board valid. No clock, no socket, no file, no random number.
//!
//! Begin with [`gate`], which reads a Yjs update before yrs does and refuses what yrs could not survive; then [`schema`],
//! the one definition of elements.

pub mod blurhash;
pub mod document;
pub mod gate;
pub mod json;
mod links;
pub mod pen;
pub mod repair;
pub mod scene;
pub mod schema;
mod state_vector;
pub mod svg;
pub mod text;

pub use state_vector::StateVector;
