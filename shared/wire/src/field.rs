//! Checking single fields of a received message. Every refusal carries [`codes::FIELD`] and, as its subject, the path
//! of the field from the outermost message on: `package.metadata`, `files[3].content_address`.

use std::{fmt::Display, str::FromStr};

use artifactstore_types::{Category, Fault};

use crate::codes;

/// The refusal of `field`.
pub fn refused(field: impl Display, why: impl Display) -> Fault {
    refused_itself(why).about(field)
}

/// The refusal of the message that a field holds, as a whole: who reads that field names it.
pub(crate) fn refused_itself(why: impl Display) -> Fault {
    Fault::new(codes::FIELD, Category::Invalid, format!("field refused: {why}"))
}

/// A text field of a form of its own.
///
/// # Errors
/// A text without that form.
pub fn parsed<T: FromStr<Err: Display>>(field: &str, text: &str) -> Result<T, Fault> {
    text.parse().map_err(|error| refused(field, error))
}

/// A text field of a form of its own, whose absence is told by `None`.
///
/// # Errors
/// A text without that form.
pub fn parsed_if_given<T: FromStr<Err: Display>>(field: &str, text: Option<&str>) -> Result<Option<T>, Fault> {
    text.map(|text| parsed(field, text)).transpose()
}

/// A text field of a form of its own, whose absence is told by emptiness and has a meaning.
///
/// # Errors
/// A text without that form.
pub fn parsed_or_default<T: FromStr<Err: Display> + Default>(field: &str, text: &str) -> Result<T, Fault> {
    if text.is_empty() { Ok(T::default()) } else { parsed(field, text) }
}

/// A message that must be there.
///
/// # Errors
/// Its absence.
pub fn required<T>(field: &str, message: Option<T>) -> Result<T, Fault> {
    message.ok_or_else(|| refused(field, "it is missing"))
}

/// A message that must be there, converted.
///
/// # Errors
/// Its absence, and whatever is wrong within it, named from `field` on.
pub fn converted<M, T: TryFrom<M, Error = Fault>>(field: &str, message: Option<M>) -> Result<T, Fault> {
    T::try_from(required(field, message)?).map_err(|fault| within(field, fault))
}

/// Every item of a list of at most `most`, converted.
///
/// # Errors
/// More items, and whatever is wrong within one, named with its index.
pub fn converted_list<M, T: TryFrom<M, Error = Fault>>(
    field: &str,
    items: Vec<M>,
    most: usize,
) -> Result<Vec<T>, Fault> {
    if items.len() > most {
        return Err(refused(field, format_args!("it has {} items; {most} are the limit", items.len())));
    }
    let convert = |(index, item)| T::try_from(item).map_err(|fault| within(format_args!("{field}[{index}]"), fault));
    items.into_iter().enumerate().map(convert).collect()
}

/// A refusal, named from the message around `field` on.
pub(crate) fn within(field: impl Display, mut fault: Fault) -> Fault {
    fault.subject = Some(match fault.subject {
        Some(inner) => format!("{field}.{inner}"),
        None => field.to_string(),
    });
    fault
}

/// A field of exactly so many raw bytes.
///
/// # Errors
/// Fewer or more.
pub fn raw<const N: usize>(field: &str, bytes: &[u8]) -> Result<[u8; N], Fault> {
    bytes.try_into().map_err(|_| refused(field, format_args!("it has {} bytes; it must have {N}", bytes.len())))
}
