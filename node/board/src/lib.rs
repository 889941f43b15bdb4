//! node/board
