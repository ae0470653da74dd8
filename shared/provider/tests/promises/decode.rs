//! Content codings undone as they stream, within limits.

use std::io::Write;

use ccdump_provider::decode::{DecodeError, Decoder};
use flate2::{
    Compression,
    write::{DeflateEncoder, GzEncoder, ZlibEncoder},
};
use proptest::prelude::*;

const EVENTS: [&str; 3] = ["data: one\n\n", "data: two\n\n", "data: ünïcode ✓\n\n"];

/// `data` coded, in one flushed piece per entry, and the end.
fn coded(coding: &str, pieces: &[&[u8]]) -> Vec<Vec<u8>> {
    fn write<W: Write>(
        mut encoder: W,
        pieces: &[&[u8]],
        taken: impl Fn(&mut W) -> Vec<u8>,
        end: impl Fn(W) -> Vec<u8>,
    ) -> Vec<Vec<u8>> {
        let mut wire = Vec::new();
        for piece in pieces {
            encoder.write_all(piece).expect("a Vec takes it");
            encoder.flush().expect("a Vec takes it");
            wire.push(taken(&mut encoder));
        }
        wire.push(end(encoder));
        wire
    }
    let level = Compression::default();
    match coding {
        "gzip" => write(
            GzEncoder::new(Vec::new(), level),
            pieces,
            |e| std::mem::take(e.get_mut()),
            |e| e.finish().expect("ends"),
        ),
        "zlib" => write(
            ZlibEncoder::new(Vec::new(), level),
            pieces,
            |e| std::mem::take(e.get_mut()),
            |e| e.finish().expect("ends"),
        ),
        "raw" => write(
            DeflateEncoder::new(Vec::new(), level),
            pieces,
            |e| std::mem::take(e.get_mut()),
            |e| e.finish().expect("ends"),
        ),
        "zstd" => {
            let encoder = zstd::Encoder::new(Vec::new(), 3).expect("zstd has memory");
            write(encoder, pieces, |e| std::mem::take(e.get_mut()), |e| e.finish().expect("ends"))
        }
        other => panic!("no encoder for {other}"),
    }
}

fn hex(digits: &str) -> Vec<u8> {
    digits
        .as_bytes()
        .chunks(2)
        .map(|pair| u8::from_str_radix(&String::from_utf8_lossy(pair), 16).expect("hex"))
        .collect()
}

fn decode(encoding: &str, wire: &[&[u8]]) -> (Vec<u8>, Result<(), DecodeError>) {
    let mut decoder = Decoder::new(Some(encoding)).expect("known coding");
    let mut out = Vec::new();
    let pushed = wire.iter().try_for_each(|piece| decoder.push(piece, &mut out));
    let done = pushed.and_then(|()| decoder.finish(&mut out));
    (out, done)
}

#[test]
fn what_was_flushed_comes_out_at_once() {
    for (coding, encoding) in [
        ("gzip", "gzip"),
        ("gzip", "X-GZip"),
        ("zlib", "deflate"),
        ("raw", "deflate"),
        ("zstd", "zstd"),
    ] {
        let wire = coded(coding, &EVENTS.map(str::as_bytes));
        let mut decoder = Decoder::new(Some(encoding)).expect("known coding");
        for (piece, event) in wire.iter().zip(EVENTS) {
            let mut out = Vec::new();
            decoder.push(piece, &mut out).expect("valid data");
            assert_eq!(String::from_utf8_lossy(&out), event, "{coding}");
        }
        let mut out = Vec::new();
        decoder.push(&wire[3], &mut out).expect("valid end");
        decoder.finish(&mut out).expect("it had an end");
        assert_eq!(out, b"", "{coding}");
    }
}

#[test]
fn brotli_comes_out_as_it_was_flushed() {
    let mut decoder = Decoder::new(Some("br")).expect("known coding");
    for (piece, event) in [BROTLI_ONE, BROTLI_TWO].iter().zip(EVENTS) {
        let mut out = Vec::new();
        decoder.push(&hex(piece), &mut out).expect("valid data");
        assert_eq!(String::from_utf8_lossy(&out), event);
    }
    let mut out = Vec::new();
    assert_eq!(decoder.finish(&mut out), Err(DecodeError::Truncated("br")));
    assert_eq!(
        decode("br", &[&hex(BROTLI_ONE), &hex(BROTLI_TWO), &hex(BROTLI_END)]),
        (b"data: one\n\ndata: two\n\n".to_vec(), Ok(()))
    );
}

/// Two events with a flush after each, as Node's zlib codes them.
const BROTLI_ONE: &str = "0b0580646174613a206f6e650a0a";
const BROTLI_TWO: &str = "5000805f5ae18dee4e11a24a04600b";
const BROTLI_END: &str = "03";

#[test]
fn nothing_coded_passes_through() {
    for encoding in [None, Some(""), Some("identity"), Some(" Identity ,")] {
        let mut decoder = Decoder::new(encoding).expect("nothing to undo");
        assert!(decoder.is_identity());
        let mut out = b"before ".to_vec();
        decoder.push(b"bytes", &mut out).expect("passes");
        decoder.finish(&mut out).expect("passes");
        assert_eq!(out, b"before bytes");
    }
}

#[test]
fn codings_are_undone_in_reverse() {
    let inner = coded("gzip", &[b"twice"]).concat();
    let wire = coded("zstd", &[&inner]).concat();
    for size in [1, 7, 1000] {
        let pieces: Vec<_> = wire.chunks(size).collect();
        assert_eq!(decode("gzip, zstd", &pieces), (b"twice".to_vec(), Ok(())), "pieces of {size}");
    }
    assert!(decode("zstd, gzip", &[&wire]).1.is_err());
}

#[test]
fn gzip_and_zstd_may_have_several_members() {
    for coding in ["gzip", "zstd"] {
        let wire =
            [coded(coding, &[b"first "]).concat(), coded(coding, &[b"second"]).concat()].concat();
        for size in [1, 5, 1000] {
            let pieces: Vec<_> = wire.chunks(size).collect();
            assert_eq!(
                decode(coding, &pieces),
                (b"first second".to_vec(), Ok(())),
                "{coding} in pieces of {size}"
            );
        }
    }
}

#[test]
fn what_cannot_be_undone_is_said() {
    assert_eq!(
        Decoder::new(Some("gzip, aes128gcm")).err(),
        Some(DecodeError::UnknownCoding("aes128gcm".to_owned()))
    );
    assert_eq!(
        Decoder::new(Some("gzip,gzip,gzip,gzip,gzip")).err(),
        Some(DecodeError::TooManyCodings(5))
    );
    for coding in ["gzip", "zstd", "br", "deflate"] {
        let broken = decode(coding, &[&[0xff; 64]]).1.expect_err("is no coded data");
        assert!(
            matches!(broken, DecodeError::Broken { coding: named, .. } if named == coding),
            "{coding}: {broken}"
        );
    }
}

#[test]
fn a_broken_decoder_stays_broken() {
    let mut decoder = Decoder::new(Some("gzip")).expect("known coding");
    let mut out = Vec::new();
    let first = decoder.push(b"no gzip at all", &mut out).expect_err("broken");
    assert_eq!(decoder.push(b"more", &mut out), Err(first.clone()));
    assert_eq!(decoder.finish(&mut out), Err(first));
}

#[test]
fn data_that_breaks_off_is_truncated_and_what_came_is_out() {
    for (coding, encoding) in
        [("gzip", "gzip"), ("zlib", "deflate"), ("raw", "deflate"), ("zstd", "zstd")]
    {
        let wire = coded(coding, &[b"all of it"]);
        assert_eq!(
            decode(encoding, &[&wire[0]]),
            (b"all of it".to_vec(), Err(DecodeError::Truncated(encoding))),
            "{coding}"
        );
        assert_eq!(
            decode(encoding, &[&wire[0][..1]]).1,
            Err(DecodeError::Truncated(encoding)),
            "{coding}"
        );
        // An answer without a body, such as one to HEAD.
        assert_eq!(decode(encoding, &[]), (vec![], Ok(())), "{coding}");
    }
}

#[test]
fn bombs_stop_at_the_limit() {
    const LIMIT: usize = 64 << 20;
    let zeros = vec![0; LIMIT + 1];
    let too_large = Err(DecodeError::TooLarge { limit: LIMIT as u64 });
    let gzip = coded("gzip", &[&zeros]).concat();
    let zstd = coded("zstd", &[&zeros]).concat();
    // A bomb in a bomb: on the wire it is a few hundred bytes.
    let nested = coded("gzip", &[&gzip]).concat();
    for (encoding, wire) in [("gzip", gzip), ("zstd", zstd), ("gzip, gzip", nested)] {
        let (out, done) = decode(encoding, &[&wire]);
        assert_eq!((out.len(), done), (LIMIT, too_large.clone()), "{encoding}");
    }
}

#[test]
fn a_zstd_window_of_a_gigabyte_gets_no_memory() {
    // Frame header: magic, no single segment, window descriptor for 2^30.
    let (out, done) = decode("zstd", &[&[0x28, 0xb5, 0x2f, 0xfd, 0x00, 0xa0, 0x01, 0x00, 0x00]]);
    assert!(
        out.is_empty() && matches!(done, Err(DecodeError::Broken { coding: "zstd", .. })),
        "{done:?}"
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn round_trip_in_any_pieces(data in prop::collection::vec(any::<u8>(), 0..3000), at in 0usize..3000, size in 1usize..200) {
        let (one, two) = data.split_at(at.min(data.len()));
        for (coding, encoding) in [("gzip", "gzip"), ("zlib", "deflate"), ("zstd", "zstd")] {
            let wire = coded(coding, &[one, two]).concat();
            let (out, done) = decode(encoding, &wire.chunks(size).collect::<Vec<_>>());
            prop_assert_eq!(done, Ok(()));
            prop_assert_eq!(&out, &data);
        }
    }

    #[test]
    fn any_bytes_are_survived(wire in prop::collection::vec(any::<u8>(), 0..400), flips in prop::collection::vec((0usize..60, any::<u8>()), 0..4)) {
        for encoding in ["gzip", "deflate", "br", "zstd", "gzip, br"] {
            let _ = decode(encoding, &[&wire]);
        }
        // Valid data with some bytes turned gets further in.
        for coding in ["gzip", "zstd"] {
            let mut damaged = coded(coding, &[b"some text, some text, more text", &wire]).concat();
            for (at, byte) in &flips {
                if let Some(target) = damaged.get_mut(*at) {
                    *target ^= byte;
                }
            }
            let (out, _) = decode(coding, &damaged.chunks(5).collect::<Vec<_>>());
            prop_assert!(out.len() <= 64 << 20);
        }
    }
}
