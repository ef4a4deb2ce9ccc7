use super::luma::Luma;
use super::{Backdrop, Extent, LEVELS};

/// Side of a tile in pixels of the largest.
const TILE: usize = 16;
/// By how much the face must have grown or shrunk, as a logarithm: less drowns in the mesh's noise.
const LEAST_GROWTH: f32 = 0.113;

/// Share of the small picture that must be left to compare.
const LEAST_SHARE: f32 = 0.08;
/// Standard deviation of the luma in the tiles, 0 to 255: below it a wall is even.
const LEAST_STRUCTURE: f32 = 2.0;

/// Shares that are looked at first: from, to and step.
const SHARES: (f32, f32) = (-0.2, 1.2);
const SHARE_STEP: f32 = 0.14;
/// A best share so near to an end of the range is none.
const EDGE: f32 = 0.01;
/// What stands still and what grows are told apart here.
const BETWEEN: f32 = 0.5;
/// By how many pixels of the smallest picture a surround may be off its place: one that stands still by the turn of a
/// hand-held camera, one that grows with the face only by the mesh's noise.
const SHIFTS: (i32, i32) = (3, 1);

/// The tiles of the nearer picture, and what they are laid on.
pub(super) struct Search {
    /// The farther picture with a hole where the head is.
    far: [Luma; LEVELS],
    /// Logarithm of the face's growth, above zero.
    growth: f32,
    /// Where the origin goes when the face of the nearer picture is laid on that of the farther one.
    origin: [f32; 2],
    tiles: [Vec<Tile>; LEVELS],
}

/// How the nearer picture is laid on the farther one.
#[derive(Debug, Clone, Copy)]
struct Laid {
    share: f32,
    /// Pixels of the largest small picture.
    shift: [f32; 2],
    fit: f32,
}

/// Places in pixels of a level, with what is to be seen there.
type Tile = Vec<([f32; 2], f32)>;

impl Search {
    /// None where there is too little to compare.
    pub(super) fn of(near: &Backdrop, far: &Backdrop) -> Option<Self> {
        let growth = (near.face.size() / far.face.size()).ln();
        if !(growth.is_finite() && growth >= LEAST_GROWTH) {
            return None;
        }
        let (here, there) = (near.face.centre(), far.face.centre());
        let origin = [0, 1].map(|axis| there[axis] - here[axis] * (-growth).exp());
        let tiles = [0, 1, 2].map(|level| tiles(&near.levels[level], &near.face, level));
        let places = tiles[0].iter().map(Vec::len).sum::<usize>() as f32;
        let large = &near.levels[0];
        let enough = places >= LEAST_SHARE * (large.width * large.height) as f32;
        if !(enough && structure(&tiles[0]) >= LEAST_STRUCTURE) {
            return None;
        }
        let far = [0, 1, 2].map(|level| {
            far.levels[level].without(|place| far.face.is_head(place.map(|at| at * pixel(level))))
        });
        Some(Self { far, growth, origin, tiles })
    }

    /// Share, fit and margin of the best way to lay the one on the other; none where nothing fits, or what is
    /// beyond the range would fit better.
    pub(super) fn found(&self) -> Option<[f32; 3]> {
        let coarse = self.coarse();
        let best_of = |still: bool| {
            let best = coarse.iter().filter(|laid| (laid.share < BETWEEN) == still);
            best.copied().max_by(|a, b| a.fit.total_cmp(&b.fit)).map(|laid| self.refined(laid, still))
        };
        let (still, grown) = (best_of(true)?, best_of(false)?);
        let best = if still.fit >= grown.fit { still } else { grown };
        let inner = (SHARES.0 + EDGE..SHARES.1 - EDGE).contains(&best.share);
        (inner && best.fit > 0.0).then(|| [best.share, best.fit, (still.fit - grown.fit).abs()])
    }

    fn coarse(&self) -> Vec<Laid> {
        let level = LEVELS - 1;
        let count = ((SHARES.1 - SHARES.0) / SHARE_STEP).round() as i32;
        let mut all = Vec::new();
        for share in (0..=count).map(|step| SHARES.0 + step as f32 * SHARE_STEP) {
            let reach = if share < BETWEEN { SHIFTS.0 } else { SHIFTS.1 };
            for (x, y) in (-reach..=reach).flat_map(|x| (-reach..=reach).map(move |y| (x, y))) {
                let shift = [x, y].map(|pixels| pixels as f32 * pixel(level));
                all.push(self.laid(level, share, shift));
            }
        }
        all
    }

    /// The best near one that was found, on its side of a half.
    fn refined(&self, found: Laid, still: bool) -> Laid {
        let range = if still { (SHARES.0, BETWEEN) } else { (BETWEEN, SHARES.1) };
        let mut best = found;
        for (level, step) in [(1, 0.5), (1, 0.25), (0, 0.12)] {
            best = self.laid(level, best.share, best.shift);
            let pixels = step * 4.0;
            for _ in 0..4 {
                let before = best;
                for (along, x, y) in [(1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)] {
                    for sign in [1.0, -1.0] {
                        let share = (best.share + sign * along * step * SHARE_STEP).clamp(range.0, range.1);
                        let shift = [best.shift[0] + sign * x * pixels, best.shift[1] + sign * y * pixels];
                        let laid = self.laid(level, share, shift);
                        if laid.fit > best.fit {
                            best = laid;
                        }
                    }
                }
                if before.fit >= best.fit {
                    break;
                }
            }
        }
        best
    }

    fn laid(&self, level: usize, share: f32, shift: [f32; 2]) -> Laid {
        Laid { share, shift, fit: self.fit(level, share, shift).unwrap_or(-1.0) }
    }

    /// The correlation; none where too little of the one lies on the other.
    fn fit(&self, level: usize, share: f32, shift: [f32; 2]) -> Option<f32> {
        let far = &self.far[level];
        let shrink = (-share * self.growth).exp();
        let moved = (1.0 - shrink) / (1.0 - (-self.growth).exp());
        let [x, y] = [0, 1].map(|axis| (self.origin[axis] * moved + shift[axis]) / pixel(level));
        let (mut both, mut here, mut there) = (0.0, 0.0, 0.0);
        let (mut seen, mut all) = (0, 0);
        for tile in &self.tiles[level] {
            let mut sums = Sums::default();
            for (place, value) in tile {
                if let Some(other) = far.between(place[0] * shrink + x, place[1] * shrink + y) {
                    sums.add(*value, other);
                }
            }
            (seen, all) = (seen + sums.count, all + tile.len());
            let [covariance, own, others] = sums.centred();
            (both, here, there) = (both + covariance, here + own, there + others);
        }
        let fit = both / (here * there).sqrt();
        (2 * seen >= all && fit.is_finite()).then_some(fit)
    }
}

/// Side of a level's pixel, in pixels of the largest small picture.
fn pixel(level: usize) -> f32 {
    (1 << level) as f32
}

/// The places of a level that are compared, by tile.
fn tiles(luma: &Luma, face: &Extent, level: usize) -> Vec<Tile> {
    let side = TILE >> level;
    let across = luma.width.div_ceil(side);
    let mut tiles = vec![Tile::new(); across * luma.height.div_ceil(side)];
    for (x, y) in (0..luma.height).flat_map(|y| (0..luma.width).map(move |x| (x, y))) {
        let place = [x as f32 + 0.5, y as f32 + 0.5];
        if face.surrounds(place.map(|at| at * pixel(level))) {
            tiles[y / side * across + x / side].push((place, luma.at(x, y)));
        }
    }
    tiles.retain(|tile| !tile.is_empty());
    tiles
}

/// Standard deviation about the tiles' means.
fn structure(tiles: &[Tile]) -> f32 {
    let (mut square, mut count) = (0.0, 0);
    for tile in tiles {
        let mut sums = Sums::default();
        tile.iter().for_each(|(_, value)| sums.add(*value, *value));
        (square, count) = (square + sums.centred()[0], count + sums.count);
    }
    (square / count.max(1) as f32).sqrt()
}

/// Sums over a tile.
#[derive(Default)]
struct Sums {
    count: usize,
    a: f32,
    b: f32,
    ab: f32,
    aa: f32,
    bb: f32,
}

impl Sums {
    fn add(&mut self, a: f32, b: f32) {
        self.count += 1;
        self.a += a;
        self.b += b;
        self.ab += a * b;
        self.aa += a * a;
        self.bb += b * b;
    }

    /// Covariance and both variances, times the count.
    fn centred(&self) -> [f32; 3] {
        let count = self.count.max(1) as f32;
        let off = |product: f32, a: f32, b: f32| product - a * b / count;
        [off(self.ab, self.a, self.b), off(self.aa, self.a, self.a), off(self.bb, self.b, self.b)]
    }
}
