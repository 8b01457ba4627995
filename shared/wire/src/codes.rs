//! The codes of faults that arise on the wire itself, each once.

/// A field of a message is missing or malformed.
pub const FIELD: &str = "AS-WIRE-0001";
/// The parts of a stream came in another order than the contract says.
pub const ORDER: &str = "AS-WIRE-0002";
/// A stream ended before its end.
pub const TRUNCATED: &str = "AS-WIRE-0003";
/// An answer cannot be read.
pub const UNREADABLE: &str = "AS-WIRE-0004";
/// A request is not a message of the contract.
pub const MALFORMED: &str = "AS-WIRE-0005";
/// No connection, or it broke.
pub const UNREACHED: &str = "AS-WIRE-0010";
/// The deadline passed without an answer.
pub const DEADLINE: &str = "AS-WIRE-0011";
/// The call was cancelled.
pub const CANCELLED: &str = "AS-WIRE-0012";
/// The other side does not know the method.
pub const UNKNOWN_METHOD: &str = "AS-WIRE-0013";
/// A message is larger than allowed, or there are too many calls.
pub const TOO_LARGE: &str = "AS-WIRE-0014";
/// Something between client and store refused the caller.
pub const REFUSED: &str = "AS-WIRE-0015";
/// A status without the details of this contract.
pub const FOREIGN: &str = "AS-WIRE-0016";
/// Nothing more came on a stream for too long.
pub const IDLE: &str = "AS-WIRE-0017";

/// Every code of this crate, with its meaning in one line.
pub const CODES: &[(&str, &str)] = &[
    (FIELD, "a field of a message is missing or malformed; the subject names it"),
    (ORDER, "the parts of a stream came in another order than the contract says"),
    (TRUNCATED, "a stream ended before its end; nothing of it was kept"),
    (UNREADABLE, "an answer cannot be read: the other side speaks another version of the contract"),
    (MALFORMED, "a request is not a protobuf message of the contract"),
    (UNREACHED, "there is no connection to the store, or it broke"),
    (DEADLINE, "the deadline passed without an answer"),
    (CANCELLED, "the call was cancelled"),
    (UNKNOWN_METHOD, "the other side does not know the method"),
    (TOO_LARGE, "a message is larger than allowed, or there are too many calls at once"),
    (REFUSED, "something between client and store refused the caller"),
    (IDLE, "nothing more came, or was taken, on a stream for too long; it was given up"),
    (FOREIGN, "the call failed with a status that does not come from a store"),
];
