#![doc = include_str!("../README.md")]

mod asked;
mod camera;
mod clip;
mod light;
mod manner;
mod person;
mod route;
mod scene;
mod script;
mod subject;

pub use asked::{Asked, Past, Shown};
pub use camera::{Camera, Filmed};
pub use clip::{Clip, Frame};
pub use light::{encoded, linear};
pub use manner::{Blinks, Manner, Mover, Reacting};
pub use person::{ClipPerson, HeadPerson, Portrait, Warped};
pub use scene::Scene;
pub use script::{COLOURS, PERIOD, Script, Sent};
pub use subject::{Motif, Subject};
