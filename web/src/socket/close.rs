use actix_ws::{CloseCode, CloseReason, ProtocolError};

/// The code by which the page knows that another connection of the same check took over.
const TAKEN_OVER: u16 = 4409;

/// How a connection ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Close {
    /// The attempt, or the check, is over, and the page was told so.
    Over,
    /// Another connection of the check took over.
    TakenOver,
    /// The frame was no picture; the attempt has failed.
    BadPicture(String),
    /// The page was asked to come again.
    Busy,
    /// The peer went away, or does not take what it is sent.
    Gone,
    /// Nothing was heard, not even a pong.
    Silent,
    /// No `start` came.
    NotStarted,
    /// A picture came before `start`.
    StartFirst,
    /// A second `start` came.
    StartedAlready,
    /// More messages than any page sends.
    TooManyMessages,
    /// A message beyond its bound.
    TooLarge(&'static str),
    /// A text that is no message of the protocol.
    UnknownMessage,
    /// Not WebSocket as it is specified.
    Protocol(String),
    /// Something inside went wrong.
    Internal(String),
}

impl Close {
    pub(super) fn of_stream(error: &ProtocolError) -> Self {
        match error {
            ProtocolError::Overflow => Self::TooLarge("a picture may have 1 MiB"),
            ProtocolError::Io(error) if error.kind() == std::io::ErrorKind::InvalidData => {
                Self::UnknownMessage
            }
            ProtocolError::Io(_) => Self::Gone,
            other => Self::Protocol(other.to_string()),
        }
    }

    /// Whether the session knows of the end already, or has nothing to end.
    pub(super) const fn is_settled(&self) -> bool {
        matches!(self, Self::Over | Self::TakenOver | Self::BadPicture(_))
    }

    /// What the peer is told; none where nobody listens.
    pub(super) fn reason(&self) -> Option<CloseReason> {
        let (code, text) = match self {
            Self::Gone | Self::Silent => return None,
            Self::Over => (CloseCode::Normal, "the attempt is over"),
            Self::TakenOver => (CloseCode::Other(TAKEN_OVER), "the check went on elsewhere"),
            Self::BadPicture(why) => (CloseCode::Invalid, fitting(why)),
            Self::Busy => (CloseCode::Again, "come again later"),
            Self::NotStarted => (CloseCode::Policy, "no start came"),
            Self::StartFirst => (CloseCode::Policy, "start first"),
            Self::StartedAlready => (CloseCode::Policy, "started already"),
            Self::TooManyMessages => (CloseCode::Policy, "too many frames"),
            Self::TooLarge(bound) => (CloseCode::Size, *bound),
            Self::UnknownMessage => (CloseCode::Invalid, "no message of liveness.v1"),
            Self::Protocol(why) => (CloseCode::Protocol, fitting(why)),
            Self::Internal(_) => (CloseCode::Error, "the service cannot go on"),
        };
        Some((code, text).into())
    }
}

/// As much of a text as a close frame may hold (RFC 6455, 5.5): 125 bytes, two of which are the code.
fn fitting(text: &str) -> &str {
    &text[..text.floor_char_boundary(123)]
}
