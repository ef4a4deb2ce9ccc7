//! `exposure`: `[luma, red, green, blue]`, means of the whole picture, 0 to 1, as encoded.
//!
//! Cameras set exposure and white balance by the whole picture: where all of it follows a coloured screen, the camera has
//! moved and not the light. Luma is ITU-R BT.601's, as in JPEG. A person who fills the picture moves the camera's settings
//! too, and the means cannot tell which came first.

use super::View;
use super::colour::Sum;

pub(super) fn exposure(view: &View<'_>) -> Option<Vec<f64>> {
    let mut sum = Sum::default();
    sum.add(view.picture.rgb());
    let [red, green, blue] = sum.mean()?;
    Some(vec![0.299 * red + 0.587 * green + 0.114 * blue, red, green, blue])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Picture;

    #[test]
    fn half_black_half_orange_is_the_middle_of_both() {
        let rgb = (0..200 * 200).flat_map(|i| if i % 2 == 0 { [0, 0, 0] } else { [255, 102, 51] }).collect();
        let picture = Picture::from_rgb(200, 200, rgb).unwrap();
        let numbers = exposure(&View::of(&picture, None)).unwrap();
        let expected = [0.299 * 0.5 + 0.587 * 0.2 + 0.114 * 0.1, 0.5, 0.2, 0.1];
        assert!(numbers.iter().zip(expected).all(|(number, is)| (number - is).abs() < 1e-9), "{numbers:?}");
    }
}
