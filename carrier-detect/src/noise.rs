//! What looks like a code and is none: words, dates, telephone numbers, IBANs, article numbers.

use core::fmt;

use crate::checksum::Rule;
use crate::input::{BRACE, Code, ODD, Runs};
use crate::weighted::Check;

/// What a text that is no code seems to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Lookalike {
    /// Nothing at all, or nothing that could be a code.
    // From one on, so that an answer without any is all noughts: written faster than copied.
    Empty = 1,
    /// Words without a number, such as `afgehaald` or `n.v.t.`.
    Words,
    /// An e-mail address.
    Email,
    /// An address of a web page that shows no parcel.
    OtherUrl,
    /// A telephone number.
    Phone,
    /// A date or a time.
    Date,
    /// A bank account number with a correct check.
    Iban,
    /// An article number (EAN, UPC, ISBN) with a correct check digit.
    ArticleNumber,
    /// The number of something else: an order of a marketplace, an invoice, a customer, or what a
    /// word in front of it says.
    OrderNumber,
    /// An amount of money.
    Amount,
    /// Something between braces or of one repeated digit, filled in to get past a form.
    Placeholder,
    /// A tax number.
    TaxNumber,
    /// What computers are told apart by: an IP or hardware address, a UUID.
    Machine,
    /// Degrees of latitude and longitude.
    Position,
}

impl Lookalike {
    /// No code looks like this; otherwise a code still may.
    pub(crate) const fn is_sure(self) -> bool {
        !matches!(self, Self::ArticleNumber)
    }
}

impl fmt::Display for Lookalike {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "nothing that could be a code",
            Self::Words => "words, not a code",
            Self::Email => "an e-mail address",
            Self::OtherUrl => "an address of another web page",
            Self::Phone => "a telephone number",
            Self::Date => "a date or a time",
            Self::Iban => "a bank account number",
            Self::ArticleNumber => "an article number (EAN, UPC or ISBN)",
            Self::OrderNumber => "the number of something else, such as an order or an invoice",
            Self::Amount => "an amount of money",
            Self::Placeholder => "a placeholder",
            Self::TaxNumber => "a tax number",
            Self::Machine => "an address or identifier of a computer",
            Self::Position => "a position on the map",
        })
    }
}

/// What the code itself gives away.
#[inline]
pub(crate) fn of_code(code: &Code) -> Option<Lookalike> {
    if may_be_known(code) {
        known(code)
    } else {
        None
    }
}

/// Codes of one length that may be something else.
#[derive(Clone, Copy)]
struct Suspects {
    /// A bit for each digit that such digits may begin with.
    digits: u64,
    /// Which positions' letters are looked at.
    looked_at: u64,
    /// Where of these there are letters.
    letters: u64,
    /// Where there are letters if there is nothing else.
    words: u64,
}

/// By length.
static SUSPECTS: [Suspects; 64] = {
    // Nothing is looked at, and what is there is not what is asked for.
    let none = Suspects {
        digits: 0,
        looked_at: 0,
        letters: 1,
        words: u64::MAX,
    };
    let mut table = [none; 64];
    let mut length = 1;
    while length < 64 {
        table[length].words = u64::MAX >> (64 - length);
        length += 1;
    }
    // 06...
    table[10].digits = 1;
    // An ISBN that ends in X.
    table[10].looked_at = u64::MAX;
    table[10].letters = 1 << 9;
    // The first letters of a Mexican tax number.
    table[12].looked_at = 0b1_1111_1111;
    table[12].letters = 0b111;
    // Article numbers.
    table[13].digits = 0b11_1111_1111;
    // NL123456789B01
    table[14].looked_at = u64::MAX;
    table[14].letters = 0b1000_0000_0011;
    // Days, and moments: of the year 1990 and later, or from the 1st to the 31st.
    table[8].digits = 0b1111;
    table[14].digits = 0b111;
    table
};

/// Whether a code may be something else: few are. One question for all kinds, as the way to each by
/// itself is hard to foresee.
#[inline]
fn may_be_known(code: &Code) -> bool {
    let [a, b, c, ..] = code.symbols;
    let suspects = &SUSPECTS[usize::from(code.length) % SUSPECTS.len()];
    let pair = &PAIRS[(usize::from(a) * 36 + usize::from(b)) % PAIRS.len()];
    let digits = ((suspects.digits >> (a & 63)) & 1 != 0) | (pair.next == c);
    (code.digits_only() & digits)
        | ((pair.iban == code.length) & (code.letters & 0b1111 == 0b11))
        | (code.letters & suspects.looked_at == suspects.letters)
        | (code.letters == suspects.words)
}

/// What two characters at the start tell.
#[derive(Clone, Copy)]
struct Pair {
    /// The length of the country's IBANs, nought for countries without.
    iban: u8,
    /// The digit that goes on with two that are alike, or count up.
    next: u8,
}

/// By the symbols of the two.
static PAIRS: [Pair; 2048] = {
    let mut table = [Pair {
        iban: 0,
        next: u8::MAX,
    }; 2048];
    let mut at = 0;
    while at < IBANS.len() {
        let (country, length) = IBANS[at];
        let [a, b] = [country[0] - b'A' + 10, country[1] - b'A' + 10];
        table[a as usize * 36 + b as usize].iban = length;
        at += 1;
    }
    let mut digit = 0;
    while digit < 10 {
        let after = symbol_after(digit);
        table[digit as usize * 37].next = digit;
        table[digit as usize * 36 + after as usize].next = symbol_after(after);
        digit += 1;
    }
    table
};

/// What a code is beside a T&T code, if it is something.
#[inline(never)]
fn known(code: &Code) -> Option<Lookalike> {
    let symbols = code.as_slice();
    let [a, b, c, d, ..] = code.symbols;
    let length = symbols.len();
    if code.digits_only() {
        let head = [a, b, c, d];
        return match length {
            _ if is_placeholder(symbols) => Some(Lookalike::Placeholder),
            13 if is_article_prefix(symbols) && EAN.passes(code) => Some(Lookalike::ArticleNumber),
            8 if is_date(symbols) => Some(Lookalike::Date),
            14 if is_moment(symbols) => Some(Lookalike::Date),
            10 if a == 0 && b == 6 => Some(Lookalike::Phone),
            14 if head == [0, 0, 4, 9] || head == [0, 0, 3, 1] => Some(Lookalike::ArticleNumber),
            _ => None,
        };
    }
    if code.letters == u64::MAX >> ((64 - length) & 63) {
        return Some(Lookalike::Words);
    }
    // NL91ABNA...
    if code.letters & 0b1111 == 0b11 && is_iban(symbols) {
        return Some(Lookalike::Iban);
    }
    match length {
        10 if code.letters == 1 << 9 && symbols.last() == Some(&33) && isbn10(symbols) => {
            Some(Lookalike::ArticleNumber)
        }
        14 if code.letters == 0b1000_0000_0011 && symbols.get(11) == Some(&11) => {
            Some(Lookalike::TaxNumber)
        }
        // ABC850101XY7, of Mexico: letters, the day the company was founded, three more.
        12 if code.letters & 0b1_1111_1111 == 0b111
            && code.letters >> 9 != 0
            && is_month_and_day(symbols, 5) =>
        {
            Some(Lookalike::TaxNumber)
        }
        _ => None,
    }
}

/// One digit all over, or counting up.
fn is_placeholder(symbols: &[u8]) -> bool {
    let first = symbols.first();
    symbols.iter().all(|digit| Some(digit) == first) || counts_up(symbols)
}

/// The digit after a digit: nought comes after nine.
const fn symbol_after(digit: u8) -> u8 {
    if digit == 9 { 0 } else { digit + 1 }
}

/// 123456789...
fn counts_up(symbols: &[u8]) -> bool {
    symbols.len() > 5
        && symbols.windows(2).all(|pair| match pair {
            [left, right] => symbol_after(*left) == *right,
            _ => false,
        })
}

/// Every thirteen digits that pass are an EAN to the one who sees them: nought to nine in front.
fn is_article_prefix(symbols: &[u8]) -> bool {
    symbols.first() != Some(&0) || symbols.get(1) != Some(&0)
}

fn number(symbols: &[u8]) -> u32 {
    symbols
        .iter()
        .fold(0, |sum, &digit| sum * 10 + u32::from(digit))
}

/// Year, month and day, or day, month and year.
fn is_date(symbols: &[u8]) -> bool {
    is_year_first(symbols) || is_day(symbols, 4, 2, 0)
}

fn is_year_first(symbols: &[u8]) -> bool {
    is_day(symbols, 0, 4, 6)
}

/// A day whose year, month and day stand at these places.
fn is_day(symbols: &[u8], year: usize, month: usize, day: usize) -> bool {
    let part = |from: usize, length| symbols.get(from..from + length).map_or(0, number);
    (1990..2060).contains(&part(year, 4))
        && (1..=12).contains(&part(month, 2))
        && (1..=31).contains(&part(day, 2))
}

/// Two digits of a month from here on, and two of a day.
fn is_month_and_day(symbols: &[u8], from: usize) -> bool {
    let part = |at: usize| symbols.get(at..at + 2).map_or(0, number);
    (1..=12).contains(&part(from)) && (1..=31).contains(&part(from + 2))
}

/// Year, month, day, hour, minute and second, written together.
fn is_moment(symbols: &[u8]) -> bool {
    let below = |from: usize, most| symbols.get(from..from + 2).map_or(99, number) < most;
    is_year_first(symbols) && below(8, 24) && below(10, 60) && below(12, 60)
}

fn isbn10(symbols: &[u8]) -> bool {
    let mut sum = 0;
    for (&digit, weight) in symbols.iter().zip((1_u32..=10).rev()) {
        sum += if digit == 33 { 10 } else { u32::from(digit) } * weight;
    }
    sum % 11 == 0
}

const EAN: Check = Check::new(Rule::Gs1(0), 13);

/// Lengths of IBANs by country.
const IBANS: [(&[u8; 2], u8); 40] = [
    (b"AD", 24),
    (b"AE", 23),
    (b"AT", 20),
    (b"BE", 16),
    (b"BG", 22),
    (b"CH", 21),
    (b"CY", 28),
    (b"CZ", 24),
    (b"DE", 22),
    (b"DK", 18),
    (b"EE", 20),
    (b"ES", 24),
    (b"FI", 18),
    (b"FR", 27),
    (b"GB", 22),
    (b"GR", 27),
    (b"HR", 21),
    (b"HU", 28),
    (b"IE", 22),
    (b"IL", 23),
    (b"IS", 26),
    (b"IT", 27),
    (b"LI", 21),
    (b"LT", 20),
    (b"LU", 20),
    (b"LV", 21),
    (b"MC", 27),
    (b"MT", 31),
    (b"NL", 18),
    (b"NO", 15),
    (b"PL", 28),
    (b"PT", 25),
    (b"RO", 24),
    (b"RS", 22),
    (b"SA", 24),
    (b"SE", 24),
    (b"SI", 19),
    (b"SK", 24),
    (b"SM", 27),
    (b"TR", 26),
];

fn is_iban(symbols: &[u8]) -> bool {
    let Some((head, tail)) = symbols.split_at_checked(4) else {
        return false;
    };
    let [a, b, ..] = *head else {
        return false;
    };
    let country = usize::from(a) * 36 + usize::from(b);
    if PAIRS.get(country).map(|pair| usize::from(pair.iban)) != Some(symbols.len()) {
        return false;
    }
    // Divided now and then only: there is room for some characters more.
    const ROOM: u64 = u64::MAX >> 8;
    let mut rest = 0;
    for &symbol in tail.iter().chain(head) {
        if rest > ROOM {
            rest %= 97;
        }
        rest = rest * if symbol > 9 { 100 } else { 10 } + u64::from(symbol);
    }
    rest % 97 == 1
}

/// What the text around the runs gives away.
pub(crate) fn of_text(text: &str, runs: &Runs) -> Option<Lookalike> {
    let all = runs.all();
    let digits = runs.digits;
    if all.is_empty() {
        return Some(Lookalike::Empty);
    }
    if digits == 0 {
        return Some(Lookalike::Words);
    }
    if runs.has(ODD) && text.contains('@') {
        return Some(Lookalike::Email);
    }
    if (runs.has(BRACE) || runs.cut) && text.contains(['{', '<']) && text.contains(['}', '>']) {
        return Some(Lookalike::Placeholder);
    }
    if is_machine(runs) {
        return Some(Lookalike::Machine);
    }
    let only_digits = digits == all.len();
    if !only_digits || runs.count < 2 {
        if only_digits && runs.plus && (9..=15).contains(&digits) {
            return Some(Lookalike::Phone);
        }
        return with_letters(runs);
    }
    let lengths = |at: usize| runs.run(at).len();
    let mark = |at: usize| runs.before.get(at).copied().unwrap_or(b' ');
    if runs.plus && (9..=15).contains(&digits) {
        return Some(Lookalike::Phone);
    }
    let same_mark = runs.count == 3 && mark(1) == mark(2);
    let shape = (lengths(0), lengths(1), lengths(2));
    if same_mark && matches!(mark(1), b'-' | b'/' | b'.') {
        match shape {
            (4, 1 | 2, 1 | 2) | (1 | 2, 1 | 2, 4) => return Some(Lookalike::Date),
            (1 | 2, 1 | 2, 2) if mark(1) != b'.' => return Some(Lookalike::Date),
            (3, 7, 7) | (2, 5, 5) if mark(1) == b'-' => return Some(Lookalike::OrderNumber),
            _ => {}
        }
    }
    if runs.count == 2 && mark(1) == b':' && lengths(0) <= 2 {
        return Some(Lookalike::Date);
    }
    // A date, and a time behind it.
    let date = match shape {
        (4, 2, 2) => mark(1) == b'-',
        (1 | 2, 1 | 2, 4) => mark(1) == mark(2) && matches!(mark(1), b'-' | b'/' | b'.'),
        _ => false,
    };
    if runs.count >= 4 && date {
        return Some(Lookalike::Date);
    }
    if runs.count == 2 && lengths(1) == 2 && matches!(mark(1), b',' | b'.') && digits <= 9 {
        return Some(Lookalike::Amount);
    }
    // 52.370216, -4.895168
    let decimals = runs.count == 4 && mark(1) == b'.' && mark(3) == b'.';
    if decimals
        && matches!(mark(2), b',' | b';' | b'-')
        && lengths(0).max(lengths(2)) <= 3
        && lengths(1).min(lengths(3)) >= 4
    {
        return Some(Lookalike::Position);
    }
    // 01 73575 51208 21125 03398 69724: the reference of a Swiss payment.
    if runs.count == 6 && lengths(0) == 2 && (1..6).all(|at| lengths(at) == 5) {
        return Some(Lookalike::OrderNumber);
    }
    let first = runs.run(0);
    let parenthesis = text.trim_start().starts_with('(') && !text.trim_start().starts_with("(0");
    // Twelve digits in more groups may be a parcel's.
    let most = if runs.count == 2 { 12 } else { 11 };
    if first.first() == Some(&b'0')
        && (9..=most).contains(&digits)
        && (2..=5).contains(&first.len())
        || parenthesis && digits == 10 && lengths(0) == 3
        || (8..=13).contains(&digits)
            && first.starts_with(b"00")
            && mark(1) == b' '
            && first.len() == 4
    {
        return Some(Lookalike::Phone);
    }
    None
}

/// 550e8400-e29b-41d4-a716-446655440000, 00:1b:44:11:3a:b7, or 192.168.1.100
fn is_machine(runs: &Runs) -> bool {
    let marked = |mark| (1..runs.count).all(|at| runs.before.get(at) == Some(&mark));
    let is = |mark, lengths: &[usize]| {
        let mut run = 0..runs.count;
        runs.count == lengths.len()
            && marked(mark)
            && run.all(|at| Some(&runs.run(at).len()) == lengths.get(at))
    };
    let octet = |run: &[u8]| {
        let digits = (1..=3).contains(&run.len()) && run.iter().all(u8::is_ascii_digit);
        digits && (run.len() < 3 || run <= b"255".as_slice())
    };
    let ip = runs.count == 4 && marked(b'.') && (0..4).all(|at| octet(runs.run(at)));
    ip || (is(b'-', &[8, 4, 4, 4, 12]) || is(b':', &[2; 6]))
        && runs.all().iter().all(u8::is_ascii_hexdigit)
}

/// Dates with month names or a time zone, order numbers with letters.
fn with_letters(runs: &Runs) -> Option<Lookalike> {
    const MONTHS: [&[u8]; 17] = [
        b"JAN", b"FEB", b"MAR", b"APR", b"MAY", b"MEI", b"MAI", b"JUN", b"JUL", b"AUG", b"SEP",
        b"OCT", b"OKT", b"NOV", b"DEC", b"DEZ", b"MRT",
    ];
    let mut words = (0..runs.count).map(|at| runs.run(at));
    let first = runs.run(0);
    let month = |word: &[u8]| {
        word.len() >= 3
            && word.iter().all(u8::is_ascii_uppercase)
            && MONTHS.iter().any(|month| word.starts_with(month))
    };
    if runs.count >= 2 && (1..=6).contains(&runs.digits) && words.any(month) {
        return Some(Lookalike::Date);
    }
    // 2026-11-23T10:15:00Z
    if runs.count >= 3
        && runs.run(0).len() == 4
        && runs.run(1).len() == 2
        && runs.run(2).len() >= 4
        && runs.run(2).get(2) == Some(&b'T')
    {
        return Some(Lookalike::Date);
    }
    // FR 83 404 833 048
    if runs.count >= 2 && is_tax_number(first, runs.digits) && runs.all().len() == runs.digits + 2 {
        return Some(Lookalike::TaxNumber);
    }
    // FV 123/11/2026: a number of a year's register.
    let slashed = |at: usize| runs.before.get(at) == Some(&b'/');
    let last = runs.count.saturating_sub(1);
    if runs.count >= 3 && slashed(last) && slashed(last - 1) && is_year(runs.run(last)) {
        return Some(Lookalike::OrderNumber);
    }
    // J40 8364 2024: the same of Romania's companies, written apart.
    if runs.count == 3
        && matches!(
            first,
            [b'A'..=b'Z', b'0'..=b'9'] | [b'A'..=b'Z', b'0'..=b'9', b'0'..=b'9']
        )
        && (2..=6).contains(&runs.run(1).len())
        && is_year(runs.run(2))
    {
        return Some(Lookalike::OrderNumber);
    }
    // C00012345-A: a marketplace order with its part.
    if runs.count == 2
        && runs.before.get(1) == Some(&b'-')
        && runs.run(1).len() == 1
        && runs.run(1).iter().all(u8::is_ascii_uppercase)
        && runs.run(0).len() >= 5
    {
        return Some(Lookalike::OrderNumber);
    }
    if runs.count >= 2 && LABELS.contains(&first) {
        return Some(Lookalike::OrderNumber);
    }
    None
}

/// What stands in front of numbers that are no codes.
const LABELS: [&[u8]; 30] = [
    b"ORDER",
    b"ORD",
    b"ORDERNUMMER",
    b"BESTELLING",
    b"BESTELLUNG",
    b"BESTELNUMMER",
    b"COMMANDE",
    b"PEDIDO",
    b"ORDINE",
    b"AUFTRAG",
    b"INVOICE",
    b"INV",
    b"FACTUUR",
    b"FACTUURNUMMER",
    b"FACTURE",
    b"FACTURA",
    b"FATTURA",
    b"FAKTURA",
    b"RECHNUNG",
    b"LIEFERSCHEIN",
    b"KUNDE",
    b"KD",
    b"KUNDENNUMMER",
    b"KLANTNUMMER",
    b"TEL",
    b"TELEFOON",
    b"TELEFON",
    b"IBAN",
    b"EAN",
    b"GTIN",
];

/// How many digits tax numbers have, by country.
const TAX_DIGITS: [(&[u8; 2], &[usize]); 22] = [
    (b"BE", &[10]),
    (b"BG", &[9, 10]),
    (b"CZ", &[8, 9, 10]),
    (b"DE", &[9]),
    (b"DK", &[8]),
    (b"EE", &[9]),
    (b"EL", &[9]),
    (b"FI", &[8]),
    (b"FR", &[11]),
    (b"GB", &[9, 12]),
    (b"HR", &[11]),
    (b"HU", &[8]),
    (b"IT", &[11]),
    (b"LT", &[9, 12]),
    (b"LU", &[8]),
    (b"LV", &[11]),
    (b"MT", &[8]),
    (b"PL", &[10]),
    (b"PT", &[9]),
    (b"SE", &[12]),
    (b"SI", &[8]),
    (b"SK", &[10]),
];

/// Whether a country's tax numbers have so many digits.
fn is_tax_number(country: &[u8], digits: usize) -> bool {
    let mut all = TAX_DIGITS.iter();
    all.any(|(its, lengths)| its.as_slice() == country && lengths.contains(&digits))
}

/// Four digits of a year.
fn is_year(run: &[u8]) -> bool {
    run.len() == 4
        && (run.starts_with(b"19") || run.starts_with(b"20"))
        && run.iter().all(u8::is_ascii_digit)
}

#[cfg(test)]
mod tests;
