//! The REST interface, one file a resource and method.

pub(crate) mod cancel;
pub(crate) mod create;
pub(crate) mod deliveries;
pub(crate) mod events;
mod fields;
mod json_body;
pub(crate) mod result;
