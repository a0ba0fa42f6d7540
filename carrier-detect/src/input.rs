//! Reading what people paste: spaces, dots, lower case, full-width digits, scanner prefixes,
//! labels in front, a tracking address around.

use crate::tables::PRINTED;
use crate::{Carrier, Country};

/// Longest code that is looked at.
pub(crate) const LONGEST: usize = 40;
const SHORTEST: usize = 5;
/// Words of a longer text that are looked at.
const MOST_RUNS: usize = 16;
const BUFFER: usize = 96;

/// A code as capitals and digits; what is behind it means nothing.
pub(crate) type Text = [u8; LONGEST];

/// A code as symbols: digits are their value, `A` is 10, `Z` is 35.
#[derive(Clone, Copy)]
pub(crate) struct Code {
    /// Noughts behind the code.
    pub(crate) symbols: [u8; 64],
    pub(crate) length: u8,
    /// Positions that hold letters.
    pub(crate) letters: u64,
}

impl Code {
    pub(crate) const EMPTY: Self = Self {
        symbols: [0; 64],
        length: 0,
        letters: 0,
    };

    /// Reads ASCII letters and digits into an empty code and a text; false where something else is
    /// among them, or if they are too few or too many.
    ///
    /// The text is put where the caller wants it: what was just written waits to be copied.
    #[inline]
    pub(crate) fn fill(&mut self, bytes: &[u8], text: &mut Text) -> bool {
        if bytes.len() < SHORTEST || bytes.len() > LONGEST {
            return false;
        }
        self.length = bytes.len() as u8;
        let (Some(first), Some(last)) = (bytes.first_chunk(), bytes.last_chunk()) else {
            // Five to seven characters.
            let mut eight = NOUGHTS.to_le_bytes();
            for (slot, byte) in eight.iter_mut().zip(bytes) {
                *slot = *byte;
            }
            return self.put(0, u64::from_le_bytes(eight), text) == 0;
        };
        let mut wrong = self.put(0, u64::from_le_bytes(*first), text);
        if wrong != 0 {
            return false;
        }
        if bytes.len() > 16 {
            let eights = bytes.as_chunks::<8>().0.iter().enumerate().skip(1);
            for (at, eight) in eights {
                wrong |= self.put(at, u64::from_le_bytes(*eight), text);
            }
        }
        // The one to eight at the end, out of the last eight, filled up with noughts.
        let at = (bytes.len() - 1) / 8;
        let count = (bytes.len() - 8 * at) as u32;
        let eight = u64::from_le_bytes(*last) >> ((64 - 8 * count) & 63);
        let noughts = NOUGHTS << ((8 * count - 8) & 63) << 8;
        wrong |= self.put(at, eight | noughts, text);
        wrong == 0
    }

    /// Eight characters at their place, in eights; nought if all are right.
    #[inline]
    fn put(&mut self, at: usize, eight: u64, text: &mut Text) -> u64 {
        let read = Eight::read(eight);
        if let Some(text) = text.as_chunks_mut::<8>().0.get_mut(at) {
            *text = read.text;
        }
        if let Some(symbols) = self.symbols.as_chunks_mut::<8>().0.get_mut(at) {
            *symbols = read.symbols;
        }
        self.letters |= read.letters << ((8 * at) & 63);
        read.wrong
    }

    #[inline]
    pub(crate) fn as_slice(&self) -> &[u8] {
        self.symbols.get(..usize::from(self.length)).unwrap_or(&[])
    }

    #[inline]
    pub(crate) const fn digits_only(&self) -> bool {
        self.letters == 0
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

/// The symbol of a digit or capital.
pub(crate) const fn symbol(letter: u8) -> u8 {
    if letter < b'A' {
        letter.wrapping_sub(b'0')
    } else {
        (letter - b'A' + 10) % 36
    }
}

/// One in every byte.
const EACH: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = EACH * 128;
const NOUGHTS: u64 = EACH * 48;

/// Eight characters read at once.
struct Eight {
    /// As capitals and digits.
    text: [u8; 8],
    symbols: [u8; 8],
    /// A bit for each that is a letter.
    letters: u64,
    /// Nought if all are letters and digits.
    wrong: u64,
}

impl Eight {
    #[inline]
    const fn read(eight: u64) -> Self {
        // Capitals and digits as they are; small letters lose the bit that makes them small.
        let upper = eight & !((eight & (EACH * 64)) >> 1);
        // Among what is right, only letters have that bit.
        let ones = (upper >> 6) & EACH;
        // How far each is behind "0" or "A": the top bit stays where it is not before.
        let behind = (upper | HIGH) - (NOUGHTS + ones * 17);
        let value = behind ^ HIGH;
        // Below ten, or below twenty-six: no sum reaches the next byte, its top bit says "not".
        let beyond = (value & !HIGH) + (EACH * 118 - ones * 16);
        Self {
            text: upper.to_le_bytes(),
            symbols: value.wrapping_add(ones * 10).to_le_bytes(),
            letters: ones.wrapping_mul(0x0102_0408_1020_4080) >> 56,
            wrong: (eight | value | beyond) & HIGH,
        }
    }
}

/// The runs of letters and digits of a text, upper-cased, and what stood between them.
pub(crate) struct Runs {
    buffer: [u8; BUFFER.next_power_of_two()],
    /// Ends of the runs in the buffer.
    ends: [u8; MOST_RUNS],
    /// What stood before each run: the last that is no blank, or a blank.
    pub(crate) before: [u8; MOST_RUNS],
    pub(crate) count: usize,
    /// Digits in all runs.
    pub(crate) digits: usize,
    /// More came than is kept.
    pub(crate) cut: bool,
    /// What else was met: [`ODD`], [`BRACE`] ...
    marks: u8,
    /// The first character was a plus.
    pub(crate) plus: bool,
}

impl Runs {
    /// Splits the text; linear, and stops at the first character that does not fit any more.
    pub(crate) fn of(text: &str) -> Self {
        let mut runs = Self {
            buffer: [0; BUFFER.next_power_of_two()],
            ends: [0; MOST_RUNS],
            before: [0; MOST_RUNS],
            count: 0,
            digits: 0,
            cut: false,
            marks: 0,
            plus: false,
        };
        // Blanks behind it end no run that would not end.
        let text = match text.as_bytes() {
            [first, ..] if first.is_ascii_graphic() => text,
            _ => text.trim_start(),
        };
        runs.plus = text.starts_with('+');
        let text = without_symbology(text);
        runs.split(text.chars().map(narrow));
        runs
    }

    /// Takes ASCII characters until they end or do not fit any more.
    #[inline]
    fn split(&mut self, mut characters: impl Iterator<Item = u8>) {
        let (mut used, mut between) = (0, b' ');
        // The last run is of single characters.
        let mut spelled = false;
        let mut next = characters.next();
        while let Some(ascii) = next {
            if capital(ascii) == 0 {
                let mark = MARKS[usize::from(ascii & 127)];
                self.marks |= mark;
                between = if mark == 0 { between } else { ascii };
                next = characters.next();
                continue;
            }
            if self.count == MOST_RUNS || used == BUFFER {
                self.cut = true;
                return;
            }
            let run = self.count % MOST_RUNS;
            self.before[run] = between;
            between = b' ';
            self.count += 1;
            let start = used;
            while let Some(ascii) = next {
                let capital = capital(ascii);
                if capital != 0 {
                    if used == BUFFER {
                        self.cut = true;
                        break;
                    }
                    self.buffer[used % self.buffer.len()] = capital;
                    self.digits += usize::from(capital <= b'9');
                    used += 1;
                } else if !is_invisible(ascii) {
                    break;
                }
                next = characters.next();
            }
            self.ends[run] = used as u8;
            if self.cut {
                return;
            }
            // What is spelled out, each character by itself, is one run.
            let one = used == start + 1;
            if one && spelled && self.before[run].is_ascii_whitespace() {
                self.count -= 1;
                self.ends[(run - 1) % MOST_RUNS] = used as u8;
            }
            spelled = one;
        }
    }

    /// Whether such a character was met.
    pub(crate) const fn has(&self, mark: u8) -> bool {
        self.marks & mark != 0
    }

    /// Drops what stands behind fourteen digits and an asterisk: DPD's links in Great Britain have
    /// the recipient's number there.
    pub(crate) fn drop_behind_asterisk(&mut self) {
        if !self.has(ASTERISK) {
            return;
        }
        let is_parcel = |run: &[u8]| run.len() == 14 && run.iter().all(u8::is_ascii_digit);
        let ends = |at: &usize| {
            self.before.get(*at) == Some(&b'*') && is_parcel(self.run(at.saturating_sub(1)))
        };
        if let Some(end) = (1..self.count).find(ends) {
            self.count = end;
            self.digits = self
                .all()
                .iter()
                .filter(|byte| byte.is_ascii_digit())
                .count();
            self.cut = false;
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

    /// The carrier whose codes are printed as these digits are, in groups with its own mark between.
    pub(crate) fn printed(&self) -> Option<Carrier> {
        if self.count < 2 || self.cut || self.digits != self.all().len() {
            return None;
        }
        let is_printed = |mark: u8, groups: &[u8]| {
            groups.len() == self.count
                && groups.iter().enumerate().all(|(at, &length)| {
                    let marked = at == 0 || self.before.get(at) == Some(&mark);
                    self.run(at).len() == usize::from(length) && marked
                })
        };
        let row = PRINTED
            .iter()
            .find(|(_, mark, groups)| is_printed(*mark, groups));
        row.map(|(carrier, ..)| *carrier)
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

/// What scanners send between two parts of a code.
const SEPARATOR: u8 = 0x1d;

/// A character that no code or label holds (`@`, `€`, `%` ...).
pub(crate) const ODD: u8 = 1;
/// A brace or bracket that opens (`{`, `<`).
pub(crate) const BRACE: u8 = 2;
pub(crate) const SLASH: u8 = 4;
const ASTERISK: u8 = 8;
/// Any other that is seen and no letter or digit.
const OTHER: u8 = 16;

/// The mark of each character, nought for letters, digits, blanks and what is invisible.
static MARKS: [u8; 128] = {
    let mut table = [0; 128];
    let mut at: u8 = 0;
    while at < 128 {
        table[at as usize] = match at {
            b'@' | b'%' | b'$' | b'?' | b'=' => ODD,
            b'{' | b'<' => BRACE,
            b'/' => SLASH,
            b'*' => ASTERISK,
            _ if at.is_ascii_alphanumeric() || at.is_ascii_whitespace() || is_invisible(at) => 0,
            _ => OTHER,
        };
        at += 1;
    }
    table
};

/// Letters and digits as capitals and digits, nought for the rest.
const CAPITALS: [u8; 128] = {
    let mut table = [0; 128];
    let mut at: u8 = 0;
    while at < 128 {
        if at.is_ascii_alphanumeric() {
            table[at as usize] = at.to_ascii_uppercase();
        }
        at += 1;
    }
    table
};

#[inline]
const fn capital(ascii: u8) -> u8 {
    CAPITALS[(ascii & 127) as usize]
}

/// What is left out wherever it stands.
const fn is_invisible(ascii: u8) -> bool {
    matches!(ascii, 0 | SEPARATOR)
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
