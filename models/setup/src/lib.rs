#![doc = include_str!("../README.md")]

pub mod archive;
pub mod checksum;
pub mod convert;
mod direct;
pub mod fetch;
pub mod manifest;
mod onnx;
pub mod setup;
pub mod tfjs;
