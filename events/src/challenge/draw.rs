use super::{Challenge, Colour, Step, Turn, Way};
use crate::verdict::PolicyVersion;

/// Turns on the way with light, which has its chance in the colours.
const TURNS_WITH_LIGHT: usize = 3;
/// Turns on the way without.
const TURNS_WITHOUT: usize = 5;
/// Turns that are added where the light could not be measured.
const MORE_TURNS: usize = 2;
/// Colours of one sequence: 6 x 5^7 of them, 18.8 bits.
const COLOURS: usize = 8;

impl Challenge {
    /// Draws a challenge from a uniform random number. Each is as likely as the others up to 2^-80.
    #[must_use]
    pub fn draw(way: Way, random: u128) -> Self {
        let mut dice = Dice(random);
        let (steps, fallback) = match way {
            Way::Light => with_light(&mut dice),
            Way::Motion => (without_light(&mut dice), vec![]),
        };
        Self { policy: PolicyVersion::V2, way, steps, fallback }
    }
}

/// Turns, nearer at any place among them, and the colours there, where the screen lights the face best. Should these be
/// lost in a bright room, more turns and the way back.
fn with_light(dice: &mut Dice) -> (Vec<Step>, Vec<Step>) {
    let turns = turns(dice, TURNS_WITH_LIGHT);
    let place = dice.pick(&Vec::from_iter(0..=turns.len()));
    let mut steps = with_distances(&turns, &[(place, Step::Nearer)]);
    steps.extend(colours(dice).into_iter().map(Step::Light));
    let more: Vec<Turn> = (0..MORE_TURNS).map(|_| dice.pick(&[Turn::Left, Turn::Right])).collect();
    let mut fallback = vec![Step::Farther];
    fallback.extend(with_distances(&more, &[]));
    (steps, fallback)
}

/// Turns, and both distances among them, each with a turn before the next: a recorded session that is cut to what is asked
/// has few of the turns at the distance at which they are asked for.
fn without_light(dice: &mut Dice) -> Vec<Step> {
    let turns = turns(dice, TURNS_WITHOUT);
    let mut distances = [Step::Nearer, Step::Farther];
    if dice.pick(&[true, false]) {
        distances.reverse();
    }
    let places: Vec<(usize, usize)> = (0..turns.len())
        .flat_map(|first| (first + 1..turns.len()).map(move |second| (first, second)))
        .collect();
    let (first, second) = dice.pick(&places);
    with_distances(&turns, &[(first, distances[0]), (second, distances[1])])
}

/// Turns, each followed by a look ahead, and distances before the turns of these numbers.
fn with_distances(turns: &[Turn], distances: &[(usize, Step)]) -> Vec<Step> {
    let at = |place: usize| distances.iter().filter(move |(at, _)| *at == place).map(|(_, step)| *step);
    let turn = |place: usize| turns.get(place).into_iter().flat_map(|turn| [Step::from(*turn), Step::Hold]);
    (0..=turns.len()).flat_map(|place| at(place).chain(turn(place))).collect()
}

/// Both sides occur and the order never merely alternates: a clip of somebody who shakes the head, mirrored or not,
/// follows none of them, since it passes through a wrong side where the same side is asked for twice.
fn turns(dice: &mut Dice, count: usize) -> Vec<Turn> {
    let orders: Vec<Vec<Turn>> = (0..1_u32 << count)
        .map(|bits| (0..count).map(|i| if bits >> i & 1 == 1 { Turn::Left } else { Turn::Right }).collect())
        .filter(|order: &Vec<Turn>| {
            let same = order.windows(2).filter(|pair| pair[0] == pair[1]).count();
            0 < same && same < count - 1
        })
        .collect();
    dice.pick(&orders)
}

/// No colour follows itself, so that each change is one.
fn colours(dice: &mut Dice) -> Vec<Colour> {
    let mut colours: Vec<Colour> = vec![];
    for _ in 0..COLOURS {
        let others: Vec<Colour> =
            Colour::ALL.into_iter().filter(|colour| colours.last() != Some(colour)).collect();
        colours.push(dice.pick(&others));
    }
    colours
}

/// A random number, spent choice by choice.
struct Dice(u128);

impl Dice {
    fn pick<T: Clone>(&mut self, choices: &[T]) -> T {
        let count = choices.len() as u128;
        let index = usize::try_from(self.0 % count).unwrap_or(0);
        self.0 /= count;
        choices[index].clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashSet;

    /// A lower bound of the challenges that can be drawn, by drawing many.
    fn distinct(of: impl Fn(u128) -> Vec<Step>) -> usize {
        (0..20_000_u128)
            .map(|seed| {
                let digest = crate::Digest::of(&seed.to_be_bytes()).to_string();
                of(u128::from_str_radix(&digest[..32], 16).unwrap())
            })
            .collect::<HashSet<_>>()
            .len()
    }

    #[test]
    fn without_light_there_are_more_than_nine_bits_of_chance() {
        // 28 orders of turns, 2 orders of distances, 10 places for them: 9.1 bits.
        assert_eq!(distinct(|random| Challenge::draw(Way::Motion, random).steps), 28 * 2 * 10);
    }

    #[test]
    fn with_light_there_are_more_than_sixteen_bits_of_chance() {
        let colours = 6_f64 * 5_f64.powi(COLOURS as i32 - 1);
        assert!(colours.log2() > 18.0);
        assert!(distinct(|random| Challenge::draw(Way::Light, random).steps) > 19_500);
        // 4 orders of turns, 4 places to come nearer.
        let motion = |random| {
            let steps = Challenge::draw(Way::Light, random).steps;
            steps.into_iter().filter(|step| step.colour().is_none()).collect()
        };
        assert_eq!(distinct(motion), 4 * 4);
    }

    proptest! {
        #[test]
        fn both_sides_are_asked_for_and_no_order_alternates(random: u128, light: bool) {
            let challenge = Challenge::draw(if light { Way::Light } else { Way::Motion }, random);
            let turns: Vec<Turn> = challenge.turns().collect();
            prop_assert!(turns.contains(&Turn::Left) && turns.contains(&Turn::Right));
            prop_assert!(turns.windows(2).any(|pair| pair[0] == pair[1]));
            let lit = challenge.steps().iter().filter(|step| step.colour().is_some()).count();
            prop_assert_eq!(lit, if light { COLOURS } else { 0 });
        }

        #[test]
        fn there_is_a_turn_at_each_distance(random: u128) {
            let steps = Challenge::draw(Way::Motion, random).steps;
            let mut after_distances = steps.split(|step| step.is_distance()).skip(1);
            prop_assert_eq!(after_distances.clone().count(), 2);
            prop_assert!(after_distances.all(|steps| steps.iter().any(|step| step.turn().is_some())));
        }

        #[test]
        fn no_colour_follows_itself(random: u128) {
            let challenge = Challenge::draw(Way::Light, random);
            let colours: Vec<_> = challenge.steps().iter().filter_map(|step| step.colour()).collect();
            prop_assert!(colours.windows(2).all(|pair| pair[0] != pair[1]));
        }
    }
}
