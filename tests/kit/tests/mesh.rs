//! The mesh that is built in is the one that the network finds. A process of its own: see `MeshFinder`.

use liveness_kit::{FaceMesh, MeshFinder, read_picture};
use std::path::PathBuf;

#[test]
fn the_built_in_mesh_is_what_the_network_finds() {
    let built = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../models/built");
    let picture = read_picture(&built.join("test/astronaut.png")).unwrap();
    let found = MeshFinder::load(&[built]).unwrap().find(&picture).unwrap();
    let built_in = FaceMesh::astronaut().unwrap();
    assert_eq!(FaceMesh::from_csv(&built_in.to_csv()).unwrap(), built_in);
    let worst = found
        .points()
        .iter()
        .zip(built_in.points())
        .flat_map(|(a, b)| a.iter().zip(b).map(|(a, b)| (a - b).abs()))
        .fold(0.0, f32::max);
    assert!(worst < 1.0, "{worst} pixels");
}
