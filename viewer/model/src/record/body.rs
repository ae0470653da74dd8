//! One side of an exchange as it was sent, content coding undone.

/// Bytes of one side that are fetched; the rest is had with `ccdump-view body`.
pub const LARGEST_BODY: usize = 8 << 20;

#[derive(Debug, Clone, Default, PartialEq)]
pub struct Body {
    pub bytes: Vec<u8>,
    /// Where bytes were not recorded: after how many of `bytes`, and how many.
    pub gaps: Vec<(usize, u64)>,
    /// Why it could not be decoded any further.
    pub undecodable: Option<String>,
    /// It has ended, and this goes to its end.
    pub is_complete: bool,
    /// There is more than [`LARGEST_BODY`].
    pub is_cut: bool,
}

impl Body {
    /// Whether each byte of it is here.
    pub fn is_whole(&self) -> bool {
        self.is_complete && !self.is_cut && self.gaps.is_empty() && self.undecodable.is_none()
    }

    /// Takes bytes in, as far as there is room; says whether there is more.
    pub fn push(&mut self, bytes: &[u8]) -> bool {
        let room = LARGEST_BODY.saturating_sub(self.bytes.len());
        self.bytes.extend_from_slice(bytes.get(..room).unwrap_or(bytes));
        self.is_cut |= bytes.len() > room;
        !self.is_cut
    }
}
