use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A head turn; left and right are the person's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Turn {
    /// To the person's own left: yaw above zero.
    Left,
    /// To the person's own right: yaw below zero.
    Right,
    /// Upwards: pitch above zero.
    Up,
    /// Downwards: pitch below zero.
    Down,
}

impl Turn {
    /// The sign of the angle that it asks for.
    #[must_use]
    pub const fn sign(self) -> f64 {
        match self {
            Self::Left | Self::Up => 1.0,
            Self::Right | Self::Down => -1.0,
        }
    }

    /// Whether it is about the vertical axis: left or right.
    #[must_use]
    pub const fn is_sideways(self) -> bool {
        matches!(self, Self::Left | Self::Right)
    }
}

/// A colour that fills the screen: the corners of the RGB cube but black and white, so that any two differ in hue by 60
/// degrees or more, however the camera sets its exposure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names are the colours")]
pub enum Colour {
    Red,
    Green,
    Blue,
    Yellow,
    Cyan,
    Magenta,
}

impl Colour {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Red, Self::Green, Self::Blue, Self::Yellow, Self::Cyan, Self::Magenta];

    /// Red, green and blue, each 0 or 1.
    #[must_use]
    pub const fn rgb(self) -> [u8; 3] {
        match self {
            Self::Red => [1, 0, 0],
            Self::Green => [0, 1, 0],
            Self::Blue => [0, 0, 1],
            Self::Yellow => [1, 1, 0],
            Self::Cyan => [0, 1, 1],
            Self::Magenta => [1, 0, 1],
        }
    }

    /// As a page writes it.
    #[must_use]
    pub const fn hex(self) -> &'static str {
        match self {
            Self::Red => "#ff0000",
            Self::Green => "#00ff00",
            Self::Blue => "#0000ff",
            Self::Yellow => "#ffff00",
            Self::Cyan => "#00ffff",
            Self::Magenta => "#ff00ff",
        }
    }
}

/// Whether the challenge works with coloured light. The person chooses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// Turns, one change of distance, and a sequence of colours that fill the screen.
    #[default]
    Light,
    /// More turns and changes of distance, and no light.
    Motion,
}

/// What the person is asked to do at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Step {
    /// Turn the head to the own left.
    TurnLeft,
    /// Turn the head to the own right.
    TurnRight,
    /// Raise the chin.
    TurnUp,
    /// Lower the chin.
    TurnDown,
    /// Come nearer to the camera.
    Nearer,
    /// Move away from the camera.
    Farther,
    /// Look straight ahead.
    Hold,
    /// Look ahead while the screen shows a colour.
    Light(Colour),
}

/// The name of each step in the log.
const NAMES: [(Step, &str); 13] = [
    (Step::TurnLeft, "turn-left"),
    (Step::TurnRight, "turn-right"),
    (Step::TurnUp, "turn-up"),
    (Step::TurnDown, "turn-down"),
    (Step::Nearer, "nearer"),
    (Step::Farther, "farther"),
    (Step::Hold, "hold"),
    (Step::Light(Colour::Red), "light-red"),
    (Step::Light(Colour::Green), "light-green"),
    (Step::Light(Colour::Blue), "light-blue"),
    (Step::Light(Colour::Yellow), "light-yellow"),
    (Step::Light(Colour::Cyan), "light-cyan"),
    (Step::Light(Colour::Magenta), "light-magenta"),
];

impl Step {
    /// The code that the page uses: the colour of a light step is told beside it.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Light(_) => "light",
            other => other.name(),
        }
    }

    /// The name that the log uses.
    #[must_use]
    pub fn name(self) -> &'static str {
        NAMES.iter().find(|(step, _)| *step == self).map_or("", |(_, name)| name)
    }

    /// The turn, where it is one.
    #[must_use]
    pub const fn turn(self) -> Option<Turn> {
        match self {
            Self::TurnLeft => Some(Turn::Left),
            Self::TurnRight => Some(Turn::Right),
            Self::TurnUp => Some(Turn::Up),
            Self::TurnDown => Some(Turn::Down),
            Self::Nearer | Self::Farther | Self::Hold | Self::Light(_) => None,
        }
    }

    /// The colour, where it is light.
    #[must_use]
    pub const fn colour(self) -> Option<Colour> {
        match self {
            Self::Light(colour) => Some(colour),
            _ => None,
        }
    }

    /// Whether it asks for another distance.
    #[must_use]
    pub const fn is_distance(self) -> bool {
        matches!(self, Self::Nearer | Self::Farther)
    }
}

impl From<Turn> for Step {
    fn from(turn: Turn) -> Self {
        match turn {
            Turn::Left => Self::TurnLeft,
            Turn::Right => Self::TurnRight,
            Turn::Up => Self::TurnUp,
            Turn::Down => Self::TurnDown,
        }
    }
}

impl Serialize for Step {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Step {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        let known = NAMES.iter().find(|(_, known)| *known == name);
        known.map(|(step, _)| *step).ok_or_else(|| D::Error::custom(format!("no step is called {name}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_step_has_a_name_that_leads_back() {
        for (step, name) in NAMES {
            let json = serde_json::to_string(&step).unwrap();
            assert_eq!(json, format!("\"{name}\""));
            assert_eq!(serde_json::from_str::<Step>(&json).unwrap(), step);
        }
        assert!(serde_json::from_str::<Step>("\"light-grey\"").is_err());
    }

    #[test]
    fn hex_and_rgb_are_the_same_colour() {
        for colour in Colour::ALL {
            let hex: String = colour.rgb().iter().map(|part| format!("{:02x}", part * 255)).collect();
            assert_eq!(colour.hex(), format!("#{hex}"));
        }
    }
}
