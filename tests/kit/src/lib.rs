#![doc = include_str!("../README.md")]

mod alter;
mod ambient;
mod clip;
mod eyelids;
mod face_mesh;
mod gaze;
mod head;
mod motion;
mod panel;
mod photo;
mod picture;
mod pose;
mod random;
mod raster;
mod route;
mod skin;
mod studio;
mod surface;
mod texture;
mod turns;
mod view;

pub use alter::{Oval, Placing, Tilt, lit, nearer, tilted, zoomed};
pub use clip::{clip_frames, clip_meshes};
pub use face_mesh::{FaceMesh, MeshError, POINTS};
pub use head::{Head, Look};
pub use motion::{Motion, Sway, Tremor};
pub use panel::Panel;
pub use photo::Photo;
pub use picture::{encode_jpeg, encode_jpegs, read_picture};
pub use pose::Pose;
pub use random::Random;
pub use route::{Bend, Route};
pub use studio::Studio;
pub use turns::{Mirrored, Still, Turn, TurnLibrary};
pub use view::{Lamp, Lens, Plane, View};
