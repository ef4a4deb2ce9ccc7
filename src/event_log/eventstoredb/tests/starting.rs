//! Settings, certificates, and a store that is away at the start.
