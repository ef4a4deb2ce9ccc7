//! Each fault of the crate, by a server that provokes it.
