//! Reading what people paste: spaces, dots, lower case, full-width digits, scanner prefixes,
//! labels in front, a tracking address around.

use crate::{Carrier, Country};

/// Longest code that is looked at.
pub(crate) const LONGEST: usize = 40;
const SHORTEST: usize = 5;
/// Words of a longer text that are looked at.
const MOST_RUNS: usize = 16;
const BUFFER: usize = 96;

/// A code as symbols: digits are their value, `A` is 10, `Z` is 35.
#[derive(Clone, Copy)]
pub(crate) struct Code {
    pub(crate) symbols: [u8; LONGEST],
    /// The same as capitals and digits.
    pub(crate) text: [u8; LONGEST],
    pub(crate) length: u8,
    /// Positions that hold letters.
    pub(crate) letters: u64,
}

impl Code {
    pub(crate) const EMPTY: Self = Self {
        symbols: [0; LONGEST],
        text: [0; LONGEST],
        length: 0,
        letters: 0,
    };

    /// The code of ASCII letters and digits only, if it is neither too short nor too long.
    pub(crate) fn of(bytes: &[u8]) -> Option<Self> {
        let mut code = Self::EMPTY;
        code.fill(bytes).then_some(code)
    }

    /// Reads a code into an empty one; false where [`Code::of`] has none.
    #[inline]
    pub(crate) fn fill(&mut self, bytes: &[u8]) -> bool {
        if bytes.len() < SHORTEST || bytes.len() > LONGEST {
            return false;
        }
        let (eights, rest) = bytes.as_chunks::<8>();
        let places = self.text.as_chunks_mut::<8>().0.iter_mut();
        let mut places = places.zip(self.symbols.as_chunks_mut::<8>().0);
        let mut at = 0;
        for (eight, (text, symbols)) in eights.iter().zip(&mut places) {
            let Some(letters) = read(u64::from_le_bytes(*eight), text, symbols) else {
                return false;
            };
            self.letters |= letters << at;
            at += 8;
        }
        if let ([_, ..], Some((text, symbols))) = (rest, places.next()) {
            let Some(letters) = read(last(bytes, rest), text, symbols) else {
                return false;
            };
            self.letters |= letters << at;
        }
        self.length = u8::try_from(bytes.len()).unwrap_or(0);
        true
    }

    #[inline]
    pub(crate) fn as_slice(&self) -> &[u8] {
        self.symbols.get(..usize::from(self.length)).unwrap_or(&[])
    }

    #[inline]
    pub(crate) const fn digits_only(&self) -> bool {
        self.letters == 0
    }

    pub(crate) fn digit_count(&self) -> u32 {
        u32::from(self.length) - self.letters.count_ones()
    }
}

/// The ASCII character of a symbol.
pub(crate) const fn letter(symbol: u8) -> u8 {
    if symbol < 10 {
        b'0' + symbol
    } else {
        b'A' + (symbol - 10) % 26
    }
}

/// The one to seven characters behind whole eights, filled up with noughts.
///
/// Taken from the last eight, or the first and last four, so that their number decides nothing.
#[inline]
fn last(bytes: &[u8], rest: &[u8]) -> u64 {
    let above = 8 * rest.len() as u32 % 64;
    let noughts = NOUGHTS << above;
    if let Some(eight) = bytes.last_chunk::<8>() {
        return (u64::from_le_bytes(*eight) >> ((64 - above) % 64)) | noughts;
    }
    let (Some(first), Some(last)) = (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) else {
        return 0;
    };
    let last = u64::from(u32::from_le_bytes(*last));
    u64::from(u32::from_le_bytes(*first)) | (last << ((above + 32) % 64)) | noughts
}

/// One in every byte.
const EACH: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = EACH * 128;
const NOUGHTS: u64 = EACH * 48;

/// Reads eight characters at once: as capitals, as symbols, and which are letters; nothing where
/// one is neither letter nor digit.
#[inline]
fn read(eight: u64, text: &mut [u8; 8], symbols: &mut [u8; 8]) -> Option<u64> {
    if eight & HIGH != 0 {
        return None;
    }
    // Capitals and digits as they are; small letters lose the bit that makes them small.
    let upper = eight & !((eight & (EACH * 64)) >> 1);
    // No byte is above 127, so no sum reaches the next byte; its top bit says "at least".
    let at_least = |least: u64| upper + EACH * (128 - least);
    let digits = at_least(48) & !at_least(58) & HIGH;
    let letters = at_least(65) & !at_least(91) & HIGH;
    if digits | letters != HIGH {
        return None;
    }
    let ones = letters >> 7;
    *text = upper.to_le_bytes();
    *symbols = (upper - NOUGHTS - ones * 7).to_le_bytes();
    Some(ones.wrapping_mul(0x0102_0408_1020_4080) >> 56)
}

/// The runs of letters and digits of a text, upper-cased, and what stood between them.
pub(crate) struct Runs {
    buffer: [u8; BUFFER],
    /// Ends of the runs in the buffer.
    ends: [u8; MOST_RUNS],
    /// What stood before each run, the last of it.
    pub(crate) before: [u8; MOST_RUNS],
    pub(crate) count: usize,
    /// More came than is kept.
    pub(crate) cut: bool,
    /// A character that no code or label holds (`@`, `€`, `%` ...).
    pub(crate) odd: bool,
    /// A brace or bracket opens (`{`, `<`).
    pub(crate) braces: bool,
    /// The first character was a plus.
    pub(crate) plus: bool,
}

impl Runs {
    /// Splits the text; linear, and stops at the first character that does not fit any more.
    pub(crate) fn of(text: &str) -> Self {
        let mut runs = Self {
            buffer: [0; BUFFER],
            ends: [0; MOST_RUNS],
            before: [0; MOST_RUNS],
            count: 0,
            cut: false,
            odd: false,
            braces: false,
            plus: false,
        };
        let text = text.trim();
        runs.plus = text.starts_with('+');
        let (mut used, mut open, mut between) = (0, false, b' ');
        for character in without_symbology(text).chars() {
            let ascii = narrow(character);
            if ascii.is_ascii_alphanumeric() {
                if used == BUFFER || (!open && runs.count == MOST_RUNS) {
                    runs.cut = true;
                    break;
                }
                if !open {
                    runs.before[runs.count % MOST_RUNS] = between;
                    runs.count += 1;
                    open = true;
                }
                runs.buffer[used % BUFFER] = ascii.to_ascii_uppercase();
                used += 1;
            } else if ascii != 0 {
                runs.odd |= matches!(ascii, b'@' | b'%' | b'$' | b'?' | b'=');
                runs.braces |= matches!(ascii, b'{' | b'<');
                between = ascii;
                runs.close(open, used);
                open = false;
            }
        }
        runs.close(open, used);
        runs
    }

    /// Writes down where the last run ends, if it has not been.
    #[inline]
    fn close(&mut self, open: bool, used: usize) {
        if open {
            let last = self.count.saturating_sub(1) % MOST_RUNS;
            self.ends[last] = u8::try_from(used).unwrap_or(u8::MAX);
        }
    }

    /// The runs `from..to` written together.
    pub(crate) fn joined(&self, from: usize, to: usize) -> &[u8] {
        let end = |run: usize| run.checked_sub(1).and_then(|at| self.ends.get(at)).copied();
        let start = usize::from(end(from).unwrap_or(0));
        let stop = usize::from(end(to.min(self.count)).unwrap_or(0));
        self.buffer.get(start..stop).unwrap_or(&[])
    }

    pub(crate) fn all(&self) -> &[u8] {
        self.joined(0, self.count)
    }

    pub(crate) fn run(&self, at: usize) -> &[u8] {
        self.joined(at, at + 1)
    }

    /// `3S...-NL-1012AB`: where the code ends, the country and the postcode's runs.
    pub(crate) fn with_address(&self) -> Option<(usize, Country, usize)> {
        for at in 1..self.count.saturating_sub(1) {
            let place = self.run(at);
            let code = self.joined(0, at);
            let postcode = self.joined(at + 1, self.count);
            let letters = place.len() == 2 && place.iter().all(u8::is_ascii_uppercase);
            let dashed = self.before.get(at) == Some(&b'-');
            if letters
                && dashed
                && code.len() >= 10
                && (4..=8).contains(&postcode.len())
                && self.count - at <= 3
                && postcode.iter().any(u8::is_ascii_digit)
            {
                let country = core::str::from_utf8(place).ok().and_then(Country::new)?;
                return Some((at, country, at + 1));
            }
        }
        None
    }
}

/// Drops a scanner's symbology identifier such as `]C1`.
fn without_symbology(text: &str) -> &str {
    match text.strip_prefix(']') {
        Some(rest) if rest.is_char_boundary(2) => rest.get(2..).unwrap_or(rest),
        Some(rest) => rest,
        None => text,
    }
}

/// The ASCII character for what people type or scan; nought for what is invisible.
#[inline]
fn narrow(character: char) -> u8 {
    match u8::try_from(character) {
        Ok(0x1d) => 0,
        Ok(ascii) if ascii.is_ascii() => ascii,
        Ok(_) | Err(_) => narrow_wide(character),
    }
}

fn narrow_wide(character: char) -> u8 {
    match character {
        '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}' | '\u{feff}' => 0,
        '\u{ff01}'..='\u{ff5e}' => u8::try_from(u32::from(character) - 0xfee0).unwrap_or(b' '),
        '\u{2010}'..='\u{2015}' | '\u{2212}' => b'-',
        '€' | '£' => b'$',
        other if other.is_whitespace() => b' ',
        _ => b'?',
    }
}

/// An address of a web page, taken apart.
pub(crate) struct Address<'a> {
    pub(crate) carrier: Option<Carrier>,
    /// Everything after the host.
    pub(crate) rest: &'a str,
}

/// The first web address in a text.
pub(crate) fn address(text: &str) -> Option<Address<'_>> {
    // Most texts have none, which is told sooner than that no "://" is there.
    if !text.as_bytes().contains(&b'/') {
        return None;
    }
    let text = text.trim();
    let after = match text.find("://") {
        Some(at) => text.get(at + 3..)?,
        None => {
            let start = text
                .get(..4)
                .is_some_and(|start| start.eq_ignore_ascii_case("www."));
            let (host, _) = text.split_once('/')?;
            let named = host.contains('.')
                && host
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b == b'.' || b == b'-')
                && host.bytes().any(|b| b.is_ascii_lowercase());
            if !start && !named {
                return None;
            }
            text
        }
    };
    let end = after.find(['/', '?', '#', ' ']).unwrap_or(after.len());
    let (host, rest) = after.split_at_checked(end)?;
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    let host = host.split_once(':').map_or(host, |(host, _)| host);
    let rest = rest
        .split_once(char::is_whitespace)
        .map_or(rest, |(rest, _)| rest);
    Some(Address {
        carrier: Carrier::from_host(host),
        rest,
    })
}
