//! Where a chunked body ends.

/// Follows a chunked body without reading it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Chunks {
    /// In a chunk's size, as far as it was read.
    Size(u64),
    /// After it, in what is not looked at: extensions, white space.
    Extension(u64),
    /// In a chunk: so many bytes are left of it.
    Data(u64),
    /// After a chunk, before its line end.
    DataEnd,
    /// In the lines after the last chunk; whether the line is empty so far.
    Trailer {
        is_empty: bool,
    },
    Over,
    /// These are no chunks. Whoever decodes them will say so.
    Broken,
}

impl Chunks {
    pub const BEGIN: Self = Self::Size(0);

    /// Goes on over `bytes`, and gives how many of them belong to the body.
    pub fn advance(&mut self, bytes: &[u8]) -> usize {
        let mut at = 0;
        while let Some(&byte) = bytes.get(at) {
            match *self {
                Self::Over => return at,
                Self::Broken => return bytes.len(),
                Self::Data(left) => {
                    let here = (bytes.len() - at).min(usize::try_from(left).unwrap_or(usize::MAX));
                    at += here;
                    *self = if here as u64 == left {
                        Self::DataEnd
                    } else {
                        Self::Data(left - here as u64)
                    };
                }
                _ => {
                    *self = self.after(byte);
                    at += 1;
                }
            }
        }
        at
    }

    fn after(self, byte: u8) -> Self {
        match (self, byte) {
            (Self::Size(0) | Self::Extension(0), b'\n') => Self::Trailer { is_empty: true },
            (Self::Size(size) | Self::Extension(size), b'\n') => Self::Data(size),
            (Self::Size(size), b'\r') => Self::Size(size),
            (Self::Size(size), b';' | b' ' | b'\t') => Self::Extension(size),
            (Self::Size(size), _) => {
                let digit = char::from(byte).to_digit(16).map(u64::from);
                let more = digit.and_then(|digit| size.checked_mul(16)?.checked_add(digit));
                more.map_or(Self::Broken, Self::Size)
            }
            (Self::DataEnd, b'\r') => Self::DataEnd,
            (Self::DataEnd, b'\n') => Self::BEGIN,
            (Self::DataEnd, _) => Self::Broken,
            (Self::Trailer { is_empty: true }, b'\n') => Self::Over,
            (Self::Trailer { .. }, b'\n') => Self::Trailer { is_empty: true },
            (Self::Trailer { is_empty }, b'\r') => Self::Trailer { is_empty },
            (Self::Trailer { .. }, _) => Self::Trailer { is_empty: false },
            (state, _) => state,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_is_found_however_the_bytes_come() {
        let bodies: [&[u8]; 6] = [
            b"0\r\n\r\n",
            b"5\r\nhello\r\n0\r\n\r\n",
            b"5;sig=\"a;b\"\r\nhello\r\n00A \r\n0\r\n\r\n0\r\n\r\n\r\n0\r\n\r\n",
            b"5\nhello\n0\n\n",
            b"1\r\nx\r\n0\r\nX-Sum: 1\r\nX-B: 2\r\n\r\n",
            b"F\r\n0\r\n\r\n0\r\n\r\n0\r\n\r\n\r\n0;last\r\n\r\n",
        ];
        for body in bodies {
            let stream = [body, b"GET / HTTP/1.1\r\n\r\n"].concat();
            for piece in 1..=stream.len() {
                let (mut chunks, mut length) = (Chunks::BEGIN, 0);
                for bytes in stream.chunks(piece) {
                    length += chunks.advance(bytes);
                }
                assert_eq!(
                    (chunks, length),
                    (Chunks::Over, body.len()),
                    "{:?} by {piece}",
                    String::from_utf8_lossy(body)
                );
            }
        }
    }

    #[test]
    fn what_is_no_chunk_is_left_to_the_decoder() {
        for body in ["ZZ\r\n", "5\r\nhello!", "10000000000000000\r\n", "-1\r\n"] {
            let mut chunks = Chunks::BEGIN;
            assert_eq!(
                (chunks.advance(body.as_bytes()), chunks),
                (body.len(), Chunks::Broken),
                "{body:?}"
            );
        }
    }
}
