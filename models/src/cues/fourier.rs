//! The discrete Fourier transform of a small square.

use nalgebra::Complex;

/// Side of the square, a power of two.
pub(super) const SIDE: usize = 64;

/// The factors that all transforms share.
pub(super) struct Fourier {
    turns: [Complex<f32>; SIDE / 2],
    /// Hann's window over a side.
    window: [f32; SIDE],
}

impl Fourier {
    pub(super) fn new() -> Self {
        let angle = |place: usize| std::f32::consts::TAU * place as f32 / SIDE as f32;
        Self {
            turns: std::array::from_fn(|place| Complex::from_polar(1.0, -angle(place))),
            window: std::array::from_fn(|place| 0.5 - 0.5 * angle(place).cos()),
        }
    }

    /// The transform of a square, row by row, after its mean was taken off and its edges were faded out.
    pub(super) fn transform(&self, square: &mut [Complex<f32>]) {
        let mean = square.iter().sum::<Complex<f32>>() / (SIDE * SIDE) as f32;
        for (row, down) in square.chunks_exact_mut(SIDE).zip(self.window) {
            for (value, across) in row.iter_mut().zip(self.window) {
                *value = (*value - mean) * (down * across);
            }
        }
        for _ in 0..2 {
            square.chunks_exact_mut(SIDE).for_each(|row| self.transform_row(row));
            for row in 0..SIDE {
                for column in 0..row {
                    square.swap(row * SIDE + column, column * SIDE + row);
                }
            }
        }
    }

    /// In place, by Cooley and Tukey.
    fn transform_row(&self, row: &mut [Complex<f32>]) {
        for place in 0..SIDE {
            let reversed = place.reverse_bits() >> (usize::BITS - SIDE.ilog2());
            if place < reversed {
                row.swap(place, reversed);
            }
        }
        let mut half = 1;
        while half < SIDE {
            for part in row.chunks_exact_mut(2 * half) {
                let (even, odd) = part.split_at_mut(half);
                let turns = self.turns.iter().step_by(SIDE / 2 / half);
                for ((even, odd), turn) in even.iter_mut().zip(odd).zip(turns) {
                    let turned = turn * *odd;
                    (*even, *odd) = (*even + turned, *even - turned);
                }
            }
            half *= 2;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A wave of 9 and 20 periods has its power there, and where Hann's window spreads it to: one place to each side.
    #[test]
    fn a_wave_stands_at_its_frequency() {
        let phase = |place: usize| (9 * (place % SIDE) + 20 * (place / SIDE)) as f32 / SIDE as f32;
        let mut square: Vec<Complex<f32>> = (0..SIDE * SIDE)
            .map(|place| {
                Complex::new(50.0, 0.0) + Complex::from_polar(1.0, std::f32::consts::TAU * phase(place))
            })
            .collect();
        Fourier::new().transform(&mut square);
        for (place, value) in square.iter().enumerate() {
            let share = |at: usize, middle: usize| match at.abs_diff(middle) {
                0 => 0.5,
                1 => 0.25,
                _ => 0.0,
            };
            let expected = share(place % SIDE, 9) * share(place / SIDE, 20);
            assert!((value.norm() / (SIDE * SIDE) as f32 - expected).abs() < 1e-4, "{place}: {value}");
        }
    }
}
