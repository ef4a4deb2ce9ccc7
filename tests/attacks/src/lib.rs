#![doc = include_str!("../README.md")]

mod asked;
mod camera;
mod light;
mod scene;
mod subject;

pub use asked::{Asked, Past, Shown};
pub use camera::{Camera, Filmed};
pub use light::{encoded, linear};
pub use scene::Scene;
pub use subject::{Motif, Subject};
