//! The contract through a proxy that cuts, delays and doubles connections at random.
