//! Why a control token is refused. No text here holds a token or a part of one.

use crate::signing::{KeyRefused, SignatureRefused, jws::JwsRefused};

/// Why a control token is refused, in the order in which it is looked at.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ControlTokenRefused {
    /// There is none where there must be one.
    #[error("there is no control token")]
    Missing,
    /// It is no compact JWT, or longer than any control token.
    #[error("the control token is malformed")]
    Malformed,
    /// The header names another algorithm or another kind of token, or says more or less than it must.
    #[error("the header is not a control token's")]
    Header,
    /// The key is not known, or not trusted now.
    #[error(transparent)]
    Key(#[from] KeyRefused),
    /// The signature is wrong.
    #[error(transparent)]
    Signature(#[from] SignatureRefused),
    /// A claim is missing, unknown, doubled, or no valid word of its kind; or it lives for too long.
    #[error("the claims are not a control token's")]
    Claims,
    /// It was issued later than now, by more than clocks may be apart.
    #[error("the control token is not valid yet: the clocks are too far apart")]
    NotYetValid,
    /// Its time is over.
    #[error("the control token has expired")]
    Expired,
    /// Another node takes it.
    #[error("the control token is for another node")]
    OtherNode,
}

impl From<JwsRefused> for ControlTokenRefused {
    fn from(refused: JwsRefused) -> Self {
        match refused {
            JwsRefused::Malformed => Self::Malformed,
            JwsRefused::Header => Self::Header,
            JwsRefused::Key(refused) => Self::Key(refused),
            JwsRefused::Signature(refused) => Self::Signature(refused),
            JwsRefused::Claims => Self::Claims,
        }
    }
}
