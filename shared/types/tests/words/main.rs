//! What every word promises: it prints to one text and is read back from it, and whatever breaks its rule is refused.

#[cfg(test)]
mod address;
#[cfg(test)]
mod clock;
#[cfg(test)]
mod contract;
#[cfg(test)]
mod digest;
#[cfg(test)]
mod digest_vectors;
#[cfg(test)]
mod event;
#[cfg(test)]
mod fault;
#[cfg(test)]
mod ids;
#[cfg(test)]
mod name;
#[cfg(test)]
mod package;
#[cfg(test)]
mod page;
#[cfg(test)]
mod path;
#[cfg(test)]
mod range;
#[cfg(test)]
mod serial;
#[cfg(test)]
mod timestamp;
#[cfg(test)]
mod value;
