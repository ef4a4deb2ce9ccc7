use super::*;

/// Width and height of the made pictures.
const SIDES: (u32, u32) = (640, 480);

/// Rounded blobs of grey, 40 pixels from one to the next, on an even ground.
fn wall(x: f32, y: f32) -> f32 {
    let (column, row) = ((x / 40.0).floor(), (y / 40.0).floor());
    let (across, down) = (x - column * 40.0 - 20.0, y - row * 40.0 - 20.0);
    // Another grey for each.
    let grey = (column * 12.9898 + row * 78.233).sin() * 43_758.547;
    let within = (1.0 - across.hypot(down) / 22.0).clamp(0.0, 1.0);
    110.0 + 180.0 * (grey - grey.floor() - 0.5) * within
}

fn even(_: f32, _: f32) -> f32 {
    110.0
}

/// A head of this size about a place, before what `behind` shows.
fn seen(size: f32, at: [f32; 2], behind: impl Fn(f32, f32) -> f32) -> Backdrop {
    let rgb = (0..SIDES.0 * SIDES.1).flat_map(|place| {
        let (x, y) = ((place % SIDES.0) as f32 + 0.5, (place / SIDES.0) as f32 + 0.5);
        let (across, down) = ((x - at[0]) / size, (y - at[1]) / size);
        let head = across.hypot(down / 1.2) < 0.6;
        [if head { 170.0 - 60.0 * (across * 9.0).sin() } else { behind(x, y) } as u8; 3]
    });
    let picture = Picture::from_rgb(SIDES.0, SIDES.1, rgb.collect()).unwrap();
    let corner = |sign: f32| Point3 { x: at[0] + sign * size / 2.0, y: at[1] + sign * size / 2.0, z: 0.0 };
    Backdrop::of(&picture, &[corner(-1.0), corner(1.0)])
}

const MIDDLE: [f32; 2] = [320.0, 260.0];

#[test]
fn a_wall_stands_still_behind_a_head_that_comes_nearer_or_goes() {
    let (far, near) = (seen(150.0, MIDDLE, wall), seen(200.0, [310.0, 265.0], wall));
    for cue in [near.since(&far), far.since(&near)] {
        let [share, fit, margin] = cue.unwrap()[..] else { panic!("three numbers") };
        assert!(share.abs() < 0.05 && fit > 0.95 && margin > 0.2, "{share} {fit} {margin}");
    }
}

#[test]
fn a_picture_that_is_enlarged_grows_with_its_face() {
    // By four thirds about a place beside the middle.
    let enlarged = |x: f32, y: f32| wall(300.0 + (x - 300.0) * 0.75, 250.0 + (y - 250.0) * 0.75);
    let at = [300.0 + 20.0 / 0.75, 250.0 + 10.0 / 0.75];
    let (far, near) = (seen(150.0, MIDDLE, wall), seen(200.0, at, enlarged));
    for cue in [near.since(&far), far.since(&near)] {
        let [share, fit, margin] = cue.unwrap()[..] else { panic!("three numbers") };
        assert!((share - 1.0).abs() < 0.05 && fit > 0.95 && margin > 0.2, "{share} {fit} {margin}");
    }
}

/// The phone comes nearer instead of the head, and is turned by the hand: the wall grows a little and is elsewhere.
#[test]
fn a_wall_that_a_hand_held_camera_sees_grows_little() {
    let shaken = |x: f32, y: f32| wall(x / 1.06 + 45.0, y / 1.06 - 30.0);
    let (far, near) = (seen(150.0, MIDDLE, wall), seen(200.0, MIDDLE, shaken));
    let [share, fit, margin] = near.since(&far).unwrap()[..] else { panic!("three numbers") };
    let expected = 1.06_f64.ln() / (4.0_f64 / 3.0).ln();
    assert!((share - expected).abs() < 0.08 && fit > 0.9 && margin > 0.2, "{share} {fit} {margin}");
}

#[test]
fn exposure_and_a_slow_shadow_change_nothing() {
    let shaded = |x: f32, y: f32| wall(x, y) * 0.7 + x / 20.0;
    let (far, near) = (seen(150.0, MIDDLE, wall), seen(200.0, MIDDLE, shaded));
    let [share, fit, _] = near.since(&far).unwrap()[..] else { panic!("three numbers") };
    assert!(share.abs() < 0.05 && fit > 0.9, "{share} {fit}");
}

#[test]
fn what_cannot_be_told_is_absent() {
    let far = seen(150.0, MIDDLE, wall);
    assert_eq!(seen(160.0, MIDDLE, wall).since(&far), None, "about the same size");
    assert_eq!(seen(200.0, MIDDLE, even).since(&seen(150.0, MIDDLE, even)), None, "an even wall");
    assert_eq!(seen(460.0, MIDDLE, wall).since(&far), None, "the face fills the picture");
    let upright = Picture::from_rgb(480, 640, vec![90; 480 * 640 * 3]).unwrap();
    let corner = |place: f32| Point3 { x: place, y: place, z: 0.0 };
    let turned = Backdrop::of(&upright, &[corner(100.0), corner(300.0)]);
    assert_eq!(turned.since(&far), None, "other sides");
    assert_eq!(Backdrop::of(&upright, &[]).since(&turned), None, "no mesh");
}
