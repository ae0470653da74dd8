//! Numbers that viewers send: the store counts in 63 bits, the contract in 64.

use tonic::Status;

use super::exchanges::not_found;

/// The largest number that the store can hold.
const LARGEST: u64 = i64::MAX.unsigned_abs();

/// The number of an exchange that may exist.
pub fn exchange(id: u64) -> Result<u64, Status> {
    if id > LARGEST { Err(not_found(id)) } else { Ok(id) }
}

/// A place in the log, in a list or in a body. What lies beyond all that can be stored comes after
/// everything.
pub fn place(number: u64) -> u64 {
    number.min(LARGEST)
}
