//! Tells a head from a picture of one: two views of a plane are related by a homography, two views of a head are not.

use crate::crop::Point;
use nalgebra::{Matrix3, SMatrix, SymmetricEigen, Vector3};

/// Root mean square distance that the best homography leaves between two views of the same points, in pixels of the
/// second view. Direct linear transform on normalised points (Hartley and Zisserman, Multiple View Geometry, 4.1 and 4.4).
///
/// None where there are fewer than 8 points or they do not span a plane.
#[must_use]
pub fn homography_residual(from: &[Point], to: &[Point]) -> Option<f64> {
    if from.len() != to.len() || from.len() < 8 {
        return None;
    }
    let (from, _) = normalised(from)?;
    let (to, to_scale) = normalised(to)?;
    let homography = fit(&from, &to)?;
    let squares = from.iter().zip(&to).map(|(a, b)| {
        let mapped = homography * Vector3::new(a[0], a[1], 1.0);
        let (dx, dy) = (mapped.x / mapped.z - b[0], mapped.y / mapped.z - b[1]);
        dx * dx + dy * dy
    });
    let residual = (squares.sum::<f64>() / from.len() as f64).sqrt() / to_scale;
    residual.is_finite().then_some(residual)
}

/// Points about their middle at a mean distance of √2, and the factor by which they were scaled.
fn normalised(points: &[Point]) -> Option<(Vec<[f64; 2]>, f64)> {
    let count = points.len() as f64;
    let mean = |of: fn(&Point) -> f32| points.iter().map(|point| f64::from(of(point))).sum::<f64>() / count;
    let (x, y) = (mean(|point| point.x), mean(|point| point.y));
    let centred: Vec<[f64; 2]> =
        points.iter().map(|point| [f64::from(point.x) - x, f64::from(point.y) - y]).collect();
    let distance = centred.iter().map(|[x, y]| x.hypot(*y)).sum::<f64>() / count;
    let scale = std::f64::consts::SQRT_2 / distance;
    scale.is_finite().then(|| (centred.iter().map(|[x, y]| [x * scale, y * scale]).collect(), scale))
}

fn fit(from: &[[f64; 2]], to: &[[f64; 2]]) -> Option<Matrix3<f64>> {
    let mut normal = SMatrix::<f64, 9, 9>::zeros();
    for ([x, y], [u, v]) in from.iter().zip(to) {
        for row in [
            [*x, *y, 1.0, 0.0, 0.0, 0.0, -u * x, -u * y, -u],
            [0.0, 0.0, 0.0, *x, *y, 1.0, -v * x, -v * y, -v],
        ] {
            let row = SMatrix::<f64, 9, 1>::from_column_slice(&row);
            normal += row * row.transpose();
        }
    }
    let eigen = SymmetricEigen::new(normal);
    let least = eigen.eigenvalues.imin();
    let column = eigen.eigenvectors.column(least);
    let homography = Matrix3::from_row_iterator(column.iter().copied());
    homography.iter().all(|number| number.is_finite()).then_some(homography)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grid() -> impl Iterator<Item = (f32, f32)> {
        (0..100).map(|i| ((i % 10) as f32 * 10.0, (i / 10) as f32 * 10.0))
    }

    /// A view through a pinhole of points turned by `degrees` about the vertical axis; `depth` is their relief.
    fn view(degrees: f32, depth: impl Fn(f32, f32) -> f32) -> Vec<Point> {
        let (sin, cos) = degrees.to_radians().sin_cos();
        grid()
            .map(|(x, y)| {
                let (x, y, z) = (x - 45.0, y - 45.0, depth(x, y));
                let (turned, away) = (x * cos + z * sin, 400.0 - x * sin + z * cos);
                Point { x: 500.0 * turned / away, y: 500.0 * y / away }
            })
            .collect()
    }

    #[test]
    fn a_turned_plane_leaves_nothing() {
        let residual = homography_residual(&view(0.0, |_, _| 0.0), &view(30.0, |_, _| 0.0)).unwrap();
        assert!(residual < 1e-3, "{residual}");
    }

    #[test]
    fn a_turned_relief_leaves_much() {
        let bowl = |x: f32, y: f32| ((x - 45.0).powi(2) + (y - 45.0).powi(2)) / 60.0;
        let residual = homography_residual(&view(0.0, bowl), &view(30.0, bowl)).unwrap();
        assert!(residual > 3.0, "{residual}");
    }

    #[test]
    fn points_that_span_nothing_are_none() {
        let same = vec![Point { x: 1.0, y: 1.0 }; 20];
        assert_eq!(homography_residual(&same, &same), None);
        assert_eq!(homography_residual(&same[..3], &same[..3]), None);
    }
}
