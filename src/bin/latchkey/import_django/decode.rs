//! Decoding of a fixture: from gzip, bzip2 or xz, from UTF-16, and from JSON as Python writes it.

use std::cell::Cell;
use std::io::{self, BufRead, BufReader, Cursor, ErrorKind, Read};
use std::rc::Rc;

use anyhow::{Result, bail};
use bzip2::read::MultiBzDecoder;
use flate2::read::MultiGzDecoder;
use lzma_rust2::{LzmaReader, XzReader};

/// First bytes of a SQLite file.
pub const SQLITE: &[u8] = b"SQLite format 3\0";

/// Most memory that a file may ask for to be decompressed, in KiB.
const MEMORY: u32 = 256 << 10;

/// Most bytes of a row, which is kept in memory, where it may take a hundred times as much: a few KiB can unpack to many
/// GiB.
pub const MAX_ROW: usize = 16 << 20;

/// Number of bytes that may still be read for a row.
#[derive(Clone)]
pub struct RowLimit(Rc<Cell<usize>>);

impl RowLimit {
    pub fn new() -> Self {
        Self(Rc::new(Cell::new(MAX_ROW)))
    }

    /// Begins the next row.
    pub fn reset(&self) {
        self.0.set(MAX_ROW);
    }
}

/// Reader that fails where a row is over its limit.
struct Limited<R> {
    reader: R,
    limit: RowLimit,
}

impl<R: Read> Read for Limited<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.reader.read(buffer)?;
        let RowLimit(left) = &self.limit;
        left.set(left.get().checked_sub(count).ok_or_else(|| {
            io::Error::other("a row has more than 16 MiB: leave its model out with dumpdata's --exclude")
        })?);
        Ok(count)
    }
}

/// Reads the first bytes, also from a pipe, and returns them and a reader of the whole.
pub fn peek<R: Read>(mut reader: R) -> io::Result<(Vec<u8>, impl Read + use<R>)> {
    let mut start = Vec::new();
    reader.by_ref().take(SQLITE.len() as u64).read_to_end(&mut start)?;
    Ok((start.clone(), Cursor::new(start).chain(reader)))
}

/// Decodes a fixture to UTF-8. Whoever takes the rows resets their limit.
pub fn fixture<'a>(reader: impl Read + 'a, limit: RowLimit) -> Result<Box<dyn BufRead + 'a>> {
    let (start, reader) = peek(reader)?;
    let decompressed: Box<dyn Read + 'a> = match *start.as_slice() {
        [0x1f, 0x8b, ..] => Box::new(MultiGzDecoder::new(reader)),
        [b'B', b'Z', b'h', ..] => Box::new(MultiBzDecoder::new(reader)),
        [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Box::new(XzReader::new_mem_limit(reader, true, MEMORY)),
        [0x5d, 0, 0, ..] => Box::new(LzmaReader::new_mem_limit(reader, MEMORY, None)?),
        [b'P', b'K', 3, 4, ..] => bail!("it is a zip file: unpack it first"),
        _ => Box::new(reader),
    };
    let (start, mut reader) = peek(Limited { reader: decompressed, limit })?;
    Ok(match *start.as_slice() {
        [b'<', ..] => bail!("it looks like XML: dump it with --format json"),
        [b'-', b' ', ..] => bail!("it looks like YAML: dump it with --format json"),
        _ if start == SQLITE => bail!("it is a compressed SQLite file: decompress it first"),
        [0xef, 0xbb, 0xbf, ..] => {
            reader.read_exact(&mut [0; 3])?;
            buffered(reader)
        }
        [0xff, 0xfe, ..] | [b'[' | b'{' | b'\r' | b'\n', 0, ..] => {
            buffered(Utf16::new(reader, u16::from_le_bytes))
        }
        [0xfe, 0xff, ..] | [0, b'[' | b'{' | b'\r' | b'\n', ..] => {
            buffered(Utf16::new(reader, u16::from_be_bytes))
        }
        _ => buffered(reader),
    })
}

fn buffered<'a>(reader: impl Read + 'a) -> Box<dyn BufRead + 'a> {
    Box::new(BufReader::with_capacity(1 << 16, PythonNumbers { reader, state: State::Outside }))
}

/// Reader of UTF-16 as UTF-8, without a byte order mark.
struct Utf16<R> {
    reader: BufReader<R>,
    unit: fn([u8; 2]) -> u16,
}

impl<R: Read> Utf16<R> {
    fn new(reader: R, unit: fn([u8; 2]) -> u16) -> Self {
        Self { reader: BufReader::with_capacity(1 << 16, reader), unit }
    }

    fn next_unit(&mut self) -> io::Result<Option<u16>> {
        if self.reader.fill_buf()?.is_empty() {
            return Ok(None);
        }
        let mut bytes = [0; 2];
        self.reader.read_exact(&mut bytes)?;
        Ok(Some((self.unit)(bytes)))
    }

    fn next_char(&mut self) -> io::Result<Option<char>> {
        let Some(first) = self.next_unit()? else { return Ok(None) };
        let second = if (0xd800..0xdc00).contains(&first) { self.next_unit()? } else { None };
        match char::decode_utf16([first].into_iter().chain(second)).next() {
            Some(Ok(c)) => Ok(Some(c)),
            _ => Err(io::Error::new(ErrorKind::InvalidData, "the text is not UTF-16")),
        }
    }
}

impl<R: Read> Read for Utf16<R> {
    /// Needs a buffer of 4 bytes or more, as a [`BufReader`]'s is.
    fn read(&mut self, mut buffer: &mut [u8]) -> io::Result<usize> {
        let length = buffer.len();
        while buffer.len() >= 4 {
            match self.next_char()? {
                None => break,
                Some('\u{feff}') => {}
                Some(c) => {
                    let written = c.encode_utf8(buffer).len();
                    buffer = buffer.get_mut(written..).unwrap_or_default();
                }
            }
        }
        Ok(length - buffer.len())
    }
}

/// Reader of JSON in which Python's `NaN`, `Infinity` and `-Infinity` become `-0` with spaces after it, so that lines
/// and columns stay. No column of a user is such a number.
struct PythonNumbers<R> {
    reader: R,
    state: State,
}

#[derive(Clone, Copy)]
enum State {
    Outside,
    InString,
    AfterBackslash,
    /// After a sign that was passed on, before these bytes of a number.
    AfterSign(&'static [u8]),
    /// After `-0`, before these bytes of a number.
    AfterZero(&'static [u8]),
}

impl<R: Read> Read for PythonNumbers<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.reader.read(buffer)?;
        for byte in buffer.iter_mut().take(count) {
            (self.state, *byte) = step(self.state, *byte);
        }
        Ok(count)
    }
}

/// Returns the next state, and the byte to pass on.
fn step(state: State, byte: u8) -> (State, u8) {
    let state = match state {
        State::AfterSign([next, rest @ ..]) if byte == *next => return (State::AfterZero(rest), b'0'),
        State::AfterZero([next, rest @ ..]) if byte == *next => return (State::AfterZero(rest), b' '),
        State::AfterSign(_) | State::AfterZero(_) => State::Outside,
        other => other,
    };
    match (state, byte) {
        (State::Outside, b'"') => (State::InString, byte),
        (State::Outside, b'N') => (State::AfterSign(b"aN"), b'-'),
        (State::Outside, b'I') => (State::AfterSign(b"nfinity"), b'-'),
        (State::Outside, b'-') => (State::AfterSign(b"Infinity"), byte),
        (State::InString, b'\\') => (State::AfterBackslash, byte),
        (State::InString, b'"') => (State::Outside, byte),
        (State::AfterBackslash, _) => (State::InString, byte),
        (state, _) => (state, byte),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(bytes: &[u8]) -> String {
        let mut text = String::new();
        fixture(bytes, RowLimit::new()).unwrap().read_to_string(&mut text).unwrap();
        text
    }

    #[test]
    fn every_encoding_becomes_utf_8() {
        let text = "[\"é🦀\"]\r\n";
        let units: Vec<u16> = text.encode_utf16().collect();
        let little: Vec<u8> = units.iter().flat_map(|unit| unit.to_le_bytes()).collect();
        let big: Vec<u8> = units.iter().flat_map(|unit| unit.to_be_bytes()).collect();
        for bytes in [
            text.as_bytes(),
            &[b"\xef\xbb\xbf", text.as_bytes()].concat(),
            &[b"\xff\xfe", &*little].concat(),
            &[b"\xfe\xff", &*big].concat(),
            &little,
            &big,
        ] {
            assert_eq!(decoded(bytes), text, "{bytes:?}");
        }
        let mut broken = fixture(&b"\xff\xfe[\0\x3d\xd8a\0"[..], RowLimit::new()).unwrap();
        assert_eq!(broken.read_to_end(&mut Vec::new()).unwrap_err().to_string(), "the text is not UTF-16");
    }

    #[test]
    fn numbers_that_only_python_writes_become_numbers() {
        for (text, expected) in [
            ("[NaN,1]", "[-0 ,1]"),
            ("[-Infinity, Infinity, NaN]", "[-0       , -0      , -0 ]"),
            (r#"{"NaN": "-Infinity \" NaN \\", "a": NaN}"#, r#"{"NaN": "-Infinity \" NaN \\", "a": -0 }"#),
            ("[-1, 1e-5, false, null]", "[-1, 1e-5, false, null]"),
        ] {
            assert_eq!(decoded(text.as_bytes()), expected);
            serde_json::from_str::<serde_json::Value>(expected).unwrap();
        }
    }

    #[test]
    fn a_small_file_can_t_take_all_memory() {
        let read = |bytes: &mut dyn Read, limit| {
            let mut text = Vec::new();
            fixture(bytes, limit)?.read_to_end(&mut text)?;
            anyhow::Ok(text.len())
        };
        let limit = RowLimit::new();
        let mut row = io::repeat(b' ').take(MAX_ROW as u64);
        assert_eq!(read(&mut row, limit.clone()).unwrap(), MAX_ROW);
        let error = read(&mut &b"]"[..], limit.clone()).unwrap_err();
        assert!(error.to_string().starts_with("a row has more than 16 MiB"), "{error}");
        limit.reset();
        assert_eq!(read(&mut &b"]"[..], limit).unwrap(), 1);
        // "[]" in xz, with a dictionary of 4 GiB.
        let xz = b"\xfd7zXZ\x00\x00\x00\xff\x12\xd9A\x02\x00!\x01(\x00\x00\x00\xe6\xa0\x11\xb3\x01\x00\x01[]\x00\x00\x00\x00\x01\x12\x02\xd4\xa4|\xb6\x06r\x9ez\x01\x00\x00\x00\x00\x00YZ";
        assert!(read(&mut &xz[..], RowLimit::new()).unwrap_err().to_string().contains("memory"));
    }
}
