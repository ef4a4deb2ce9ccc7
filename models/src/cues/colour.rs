//! Luma, and sums of pixels, exact until they are divided.

/// Luma of red, green, blue, in their unit (ITU-R BT.601).
pub(super) fn luma([red, green, blue]: [f32; 3]) -> f32 {
    0.299 * red + 0.587 * green + 0.114 * blue
}

/// Pixels that were added up.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Sum {
    channels: [u64; 3],
    count: u64,
}

impl Sum {
    /// Adds pixels that lie side by side: red, green, blue of each.
    pub(super) fn add(&mut self, pixels: &[u8]) {
        for pixel in pixels.chunks_exact(3) {
            for (sum, value) in self.channels.iter_mut().zip(pixel) {
                *sum += u64::from(*value);
            }
        }
        self.count += pixels.len() as u64 / 3;
    }

    /// Adds what another one added.
    pub(super) fn append(&mut self, other: &Self) {
        for (sum, value) in self.channels.iter_mut().zip(other.channels) {
            *sum += value;
        }
        self.count += other.count;
    }

    /// Takes off what another one added, which is a part of what this one did.
    pub(super) fn take(&mut self, other: &Self) {
        for (sum, value) in self.channels.iter_mut().zip(other.channels) {
            *sum -= value;
        }
        self.count -= other.count;
    }

    /// How many there are.
    pub(super) const fn count(&self) -> u64 {
        self.count
    }

    /// Mean red, green, blue, 0 to 1; None of no pixels.
    pub(super) fn mean(&self) -> Option<[f64; 3]> {
        (self.count > 0).then(|| self.channels.map(|sum| sum as f64 / self.count as f64 / 255.0))
    }
}
