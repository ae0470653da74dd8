//! One content coding.

use std::io::{self, Write};

use brotli_decompressor::{BrotliDecompressStream, BrotliResult, BrotliState, StandardAlloc};
use flate2::{Decompress, FlushDecompress, Status, write::MultiGzDecoder};
use zstd::stream::raw::{DParameter, Decoder as ZstdDecoder, InBuffer, Operation, OutBuffer};

use super::DecodeError;

/// Largest zstd window that is given memory: 32 MiB. HTTP allows senders 8 MiB.
const ZSTD_WINDOW_LOG: u32 = 25;

/// A coding being undone. `limit` bounds all that it may ever put out.
pub(super) struct Stage {
    coding: Coding,
    name: &'static str,
    produced: u64,
    /// The coded data has come to its end.
    ended: bool,
}

enum Coding {
    Gzip(Box<MultiGzDecoder<Bounded>>),
    /// Until its first two bytes are there: they tell zlib from raw deflate, which some servers
    /// send under the same name.
    DeflateHead(Vec<u8>),
    Deflate(Decompress),
    Brotli(Box<BrotliState<StandardAlloc, StandardAlloc, StandardAlloc>>),
    Zstd(ZstdDecoder<'static>),
}

impl Stage {
    /// `coding` in lower case.
    pub(super) fn new(coding: &str) -> Result<Self, DecodeError> {
        let (name, coding) = match coding {
            "gzip" | "x-gzip" => {
                ("gzip", Coding::Gzip(Box::new(MultiGzDecoder::new(Bounded::default()))))
            }
            "deflate" => ("deflate", Coding::DeflateHead(Vec::new())),
            // Strict: without the large windows (up to 1 GiB) that HTTP does not have.
            "br" => {
                let state = BrotliState::new_strict(
                    StandardAlloc::default(),
                    StandardAlloc::default(),
                    StandardAlloc::default(),
                );
                ("br", Coding::Brotli(Box::new(state)))
            }
            "zstd" => {
                ("zstd", Coding::Zstd(zstd_decoder().map_err(|_| DecodeError::NoMemory("zstd"))?))
            }
            other => return Err(DecodeError::UnknownCoding(other.to_owned())),
        };
        Ok(Self { coding, name, produced: 0, ended: false })
    }

    pub(super) fn push(
        &mut self,
        input: &[u8],
        out: &mut Vec<u8>,
        limit: u64,
    ) -> Result<(), DecodeError> {
        if let Coding::DeflateHead(head) = &mut self.coding {
            head.extend_from_slice(input);
            let Some(has_zlib_header) = zlib_header(head) else { return Ok(()) };
            let input = std::mem::take(head);
            self.coding = Coding::Deflate(Decompress::new(has_zlib_header));
            return self.decode(&input, out, limit);
        }
        self.decode(input, out, limit)
    }

    /// An error when the coded data has not come to its end.
    pub(super) fn finish(&mut self, out: &mut Vec<u8>, limit: u64) -> Result<(), DecodeError> {
        if let Coding::Gzip(decoder) = &mut self.coding {
            let ended = Bounded::lend(decoder, out, limit, &mut self.produced, |decoder| {
                decoder.try_finish()
            });
            return ended.map_err(|fault| match fault {
                Fault::Full => DecodeError::TooLarge { limit },
                Fault::Broken(_) => DecodeError::Truncated(self.name),
            });
        }
        if self.ended { Ok(()) } else { Err(DecodeError::Truncated(self.name)) }
    }

    fn decode(&mut self, input: &[u8], out: &mut Vec<u8>, limit: u64) -> Result<(), DecodeError> {
        let Self { coding, produced, ended, .. } = self;
        let done = match coding {
            Coding::Gzip(decoder) => Bounded::lend(decoder, out, limit, produced, |decoder| {
                decoder.write_all(input)?;
                decoder.flush()
            }),
            Coding::DeflateHead(_) => Ok(()),
            Coding::Deflate(decoder) => {
                pump(input, out, limit, produced, ended, |input, output| {
                    deflate_step(decoder, input, output)
                })
            }
            Coding::Brotli(state) => pump(input, out, limit, produced, ended, |input, output| {
                brotli_step(state, input, output)
            }),
            Coding::Zstd(decoder) => pump(input, out, limit, produced, ended, |input, output| {
                zstd_step(decoder, input, output)
            }),
        };
        done.map_err(|fault| match fault {
            Fault::Full => DecodeError::TooLarge { limit },
            Fault::Broken(reason) => DecodeError::Broken { coding: self.name, reason },
        })
    }
}

enum Fault {
    /// The limit is reached.
    Full,
    Broken(String),
}

struct Step {
    read: usize,
    written: usize,
    ended: bool,
}

/// Steps until the input is used up and nothing more comes out. Bytes after the end of the coded
/// data are ignored, unless the coding starts anew with them.
fn pump(
    mut input: &[u8],
    out: &mut Vec<u8>,
    limit: u64,
    produced: &mut u64,
    ended: &mut bool,
    mut step: impl FnMut(&[u8], &mut [u8]) -> Result<Step, String>,
) -> Result<(), Fault> {
    let mut scratch = [0; 16 << 10];
    loop {
        let Step { read, written, ended: now_ended } =
            step(input, &mut scratch).map_err(Fault::Broken)?;
        if read > 0 || written > 0 {
            *ended = now_ended;
        }
        append(out, scratch.get(..written).unwrap_or_default(), limit, produced)?;
        input = input.get(read..).unwrap_or_default();
        if read == 0 && written == 0 {
            return Ok(());
        }
    }
}

fn append(out: &mut Vec<u8>, decoded: &[u8], limit: u64, produced: &mut u64) -> Result<(), Fault> {
    let room = usize::try_from(limit.saturating_sub(*produced)).unwrap_or(usize::MAX);
    let fitting = decoded.get(..room).unwrap_or(decoded);
    out.extend_from_slice(fitting);
    *produced = produced.saturating_add(fitting.len() as u64);
    if fitting.len() < decoded.len() { Err(Fault::Full) } else { Ok(()) }
}

fn deflate_step(decoder: &mut Decompress, input: &[u8], output: &mut [u8]) -> Result<Step, String> {
    let (before_in, before_out) = (decoder.total_in(), decoder.total_out());
    let status = decoder
        .decompress(input, output, FlushDecompress::Sync)
        .map_err(|error| error.to_string())?;
    let grown =
        |now: u64, before: u64| usize::try_from(now.saturating_sub(before)).unwrap_or(usize::MAX);
    Ok(Step {
        read: grown(decoder.total_in(), before_in),
        written: grown(decoder.total_out(), before_out),
        ended: status == Status::StreamEnd,
    })
}

fn brotli_step(
    state: &mut BrotliState<StandardAlloc, StandardAlloc, StandardAlloc>,
    input: &[u8],
    output: &mut [u8],
) -> Result<Step, String> {
    let (mut available_in, mut read, mut available_out, mut written, mut total) =
        (input.len(), 0, output.len(), 0, 0);
    let result = BrotliDecompressStream(
        &mut available_in,
        &mut read,
        input,
        &mut available_out,
        &mut written,
        output,
        &mut total,
        state,
    );
    match result {
        BrotliResult::ResultFailure => Err("corrupt data".to_owned()),
        _ => Ok(Step { read, written, ended: matches!(result, BrotliResult::ResultSuccess) }),
    }
}

fn zstd_decoder() -> io::Result<ZstdDecoder<'static>> {
    let mut decoder = ZstdDecoder::new()?;
    decoder.set_parameter(DParameter::WindowLogMax(ZSTD_WINDOW_LOG))?;
    Ok(decoder)
}

fn zstd_step(
    decoder: &mut ZstdDecoder<'static>,
    input: &[u8],
    output: &mut [u8],
) -> Result<Step, String> {
    let (mut from, mut to) = (InBuffer::around(input), OutBuffer::around(output));
    let hint = decoder.run(&mut from, &mut to).map_err(|error| error.to_string())?;
    Ok(Step { read: from.pos(), written: to.pos(), ended: hint == 0 })
}

/// Whether deflate data starts with a zlib header; `None` when it is too short to tell.
fn zlib_header(head: &[u8]) -> Option<bool> {
    let [method, flags, ..] = *head else { return None };
    Some(method & 0x0f == 8 && method >> 4 <= 7 && u16::from_be_bytes([method, flags]) % 31 == 0)
}

/// What the gzip decoder writes to: a buffer on loan for one call, up to the limit.
#[derive(Default)]
struct Bounded {
    out: Vec<u8>,
    limit: u64,
    produced: u64,
    full: bool,
}

impl Bounded {
    fn lend(
        decoder: &mut MultiGzDecoder<Self>,
        out: &mut Vec<u8>,
        limit: u64,
        produced: &mut u64,
        work: impl FnOnce(&mut MultiGzDecoder<Self>) -> io::Result<()>,
    ) -> Result<(), Fault> {
        let sink = decoder.get_mut();
        *sink = Self { out: std::mem::take(out), limit, produced: *produced, full: false };
        let done = work(decoder);
        let Self { out: filled, produced: total, full, .. } = std::mem::take(decoder.get_mut());
        *out = filled;
        *produced = total;
        done.map_err(|error| if full { Fault::Full } else { Fault::Broken(error.to_string()) })
    }
}

impl Write for Bounded {
    fn write(&mut self, decoded: &[u8]) -> io::Result<usize> {
        match append(&mut self.out, decoded, self.limit, &mut self.produced) {
            Ok(()) => Ok(decoded.len()),
            Err(_) => {
                self.full = true;
                Err(io::Error::other("full"))
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
