//! The random order of head turns that a session asks for.

mod step;

pub use step::{Colour, Step, Turn, Way};

/// Turns of one challenge. Four: a blind guess meets one order in twelve, and a person is done in about ten seconds.
pub const TURNS: usize = 4;

/// The turns in their order.
///
/// Both sides occur and the order never merely alternates: a clip of somebody who shakes the head, mirrored or not,
/// follows none of them, since it passes through a wrong side where the same side is asked for twice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Challenge([Turn; TURNS]);

impl Challenge {
    /// The orders that can be drawn.
    #[must_use]
    pub fn all() -> Vec<Self> {
        (0..1_u32 << TURNS)
            .map(|bits| {
                Self(std::array::from_fn(|i| if bits >> i & 1 == 1 { Turn::Left } else { Turn::Right }))
            })
            .filter(|challenge| !challenge.is_constant() && !challenge.alternates())
            .collect()
    }

    /// Draws one order, each as likely as the others up to 2⁻⁶⁰, from a uniform random number.
    #[must_use]
    pub fn draw(random: u64) -> Self {
        let mut orders = Self::all();
        let index = usize::try_from(random % orders.len() as u64).unwrap_or(0);
        orders.swap_remove(index)
    }

    /// Takes back an order that a log recorded; none where the number of turns is another.
    #[must_use]
    pub fn from_turns(turns: &[Turn]) -> Option<Self> {
        turns.try_into().ok().map(Self)
    }

    /// The turns in their order.
    #[must_use]
    pub const fn turns(&self) -> &[Turn; TURNS] {
        &self.0
    }

    fn is_constant(&self) -> bool {
        self.0.windows(2).all(|pair| pair[0] == pair[1])
    }

    fn alternates(&self) -> bool {
        self.0.windows(2).all(|pair| pair[0] != pair[1])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn twelve_orders_each_with_its_mirror_image() {
        let orders = Challenge::all();
        assert_eq!(orders.len(), 12);
        let left_first = orders.iter().filter(|order| order.turns()[0] == Turn::Left).count();
        assert_eq!(left_first, 6);
    }

    proptest! {
        #[test]
        fn no_drawn_order_is_followed_by_shaking_the_head(random: u64) {
            let challenge = Challenge::draw(random);
            let turns = challenge.turns();
            prop_assert!(turns.contains(&Turn::Left) && turns.contains(&Turn::Right));
            prop_assert!(turns.windows(2).any(|pair| pair[0] == pair[1]));
        }
    }
}
