#![doc = include_str!("../README.md")]

mod analyser;
mod backdrop;
mod crop;
pub mod cues;
mod descriptor;
mod detector;
mod face_mesh;
pub mod manifest;
mod network;
pub mod parts;
mod picture;
mod planarity;
mod pose;
mod proportions;
mod quality;
mod texture;

pub use analyser::{Analyser, Face, Likeness, Measured, Request};
pub use crop::Point;
pub use cues::Cues;
pub use detector::Detection;
pub use face_mesh::OVAL;
pub use manifest::{Manifest, ModelSet, SetUpError};
pub use network::{ModelError, Network, Runtime};
pub use picture::{MAX_SIDE, MIN_SIDE, Picture, PictureError};
pub use planarity::homography_residual;
pub use pose::Pose;
pub use proportions::Proportions;
