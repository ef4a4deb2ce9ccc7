#![doc = include_str!("../README.md")]

mod alter;
mod clip;
mod face_mesh;
mod head;
mod motion;
mod photo;
mod picture;
mod pose;
mod random;
mod raster;
mod skin;
mod studio;
mod surface;
mod texture;
mod turns;

pub use alter::{Oval, lit, zoomed};
pub use clip::clip_frames;
pub use face_mesh::{FaceMesh, MeshError, POINTS};
pub use head::Head;
pub use motion::{Motion, Tremor};
pub use photo::Photo;
pub use picture::{encode_jpeg, encode_jpegs, read_picture};
pub use pose::Pose;
pub use studio::Studio;
pub use turns::{Mirrored, Still, Turn, TurnLibrary};
