//! The session aggregate: one liveness check from its creation to the erasure of its images.
//!
//! `decide` turns a command into events or a refusal, `evolve` folds an event into the state. Both are pure.

mod command;
mod decide;
mod event;
mod evolve;
pub mod guidance;
mod replay;
mod state;

pub use command::{Command, Create, ErasedBecause, Refusal};
pub use event::{
    AttemptFailure, CameraReport, CancelledBy, Created, ExpiredBecause, KeptImage, ModelRole, ModelUsed,
    Sealed, SessionEvent,
};
pub use replay::{Replayed, replay, replay_by};
pub use state::{Attempt, EndedWithout, Outcome, Phase, Session, Status};

/// Attempts in all: a technical failure may be tried again twice.
pub const MAX_ATTEMPTS: u8 = 3;
