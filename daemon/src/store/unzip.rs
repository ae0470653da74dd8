//! zstd frames, read by the one decompressor of their thread: to make one takes longer than to read
//! what is small.

use std::{cell::RefCell, io};

use zstd::bulk::Decompressor;

thread_local! {
    static DECOMPRESSOR: RefCell<Option<Decompressor<'static>>> = const { RefCell::new(None) };
}

/// What a frame holds, `most` bytes at most; an error where that is not enough. `dictionary`: the
/// one it was compressed with, or none.
pub fn unzip(frame: &[u8], dictionary: &[u8], most: usize) -> io::Result<Vec<u8>> {
    DECOMPRESSOR.with_borrow_mut(|kept| {
        let mut decompressor = match kept.take() {
            Some(decompressor) => decompressor,
            None => Decompressor::new()?,
        };
        decompressor.set_dictionary(dictionary)?;
        let data = decompressor.decompress(frame, most)?;
        // One that failed is not used again.
        *kept = Some(decompressor);
        Ok(data)
    })
}
