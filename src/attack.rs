//! Attacks on one's own installation: subjects of `liveness-attacks` answer real checks over the real socket, at the pace
//! of the page, and what they are is written down for `liveness eval`.
//!
//! [`fn@plan`] says who comes, [`present`] lets one of them answer a check, [`Ledger`] keeps what was shown and [`Tally`]
//! counts.

mod attempt;
mod label;
mod ledger;
mod page;
mod plan;
mod present;
mod service;
mod tally;

pub use label::split;
pub use ledger::Ledger;
pub use plan::{Planned, Wanted, plan};
pub use present::{Outcome, Presented, present};
pub use service::Service;
pub use tally::Tally;

use liveness_events::challenge::Way;

/// As the page calls it.
#[must_use]
pub const fn way_code(way: Way) -> &'static str {
    match way {
        Way::Light => "light",
        Way::Motion => "motion",
    }
}
