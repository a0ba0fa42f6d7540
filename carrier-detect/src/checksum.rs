//! Check digits, over symbols: digits are their value, `A` is 10, `Z` is 35.

/// A check digit rule; a number is how many symbols from the end it covers, nought for all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rule {
    None,
    Gs1(u8),
    S10,
    Ups,
    UpsWaybill,
    Iso7064,
    Fedex12,
    Fedex34,
    FedexAstra,
    Mod7(u8),
    Gls,
    Ident,
    Usps20,
    SmartPost,
    Ontrac,
    Luhn,
    Mod11,
    Evri,
    Correos,
    Tnt,
    SfExpress,
}

impl Rule {
    /// Whether the code passes; codes too short for the rule do not.
    pub(crate) fn passes(self, code: &[u8]) -> bool {
        let Some((&check, body)) = code.split_last() else {
            return false;
        };
        let check = u32::from(check);
        match self {
            Self::None => true,
            Self::Gs1(0) => gs1(body) == check,
            Self::Gs1(tail) => {
                let from = code.len().saturating_sub(usize::from(tail));
                gs1(body.get(from..).unwrap_or(&[])) == check
            }
            Self::S10 => code.get(2..11).is_some_and(s10),
            Self::Ups => ups(body.get(2..).unwrap_or(&[])) == check,
            Self::UpsWaybill => alternating(body.get(1..).unwrap_or(&[])) == check,
            Self::Iso7064 => iso7064(body) == check,
            Self::Fedex12 => cycle(body, [3, 1, 7]) == check,
            Self::Fedex34 => {
                let from = body.len().saturating_sub(13);
                cycle(body.get(from..).unwrap_or(&[]), [1, 7, 3]) == check
            }
            Self::FedexAstra => match (code.get(16..27), code.get(27)) {
                (Some(body), Some(&check)) => cycle(body, [3, 1, 7]) == u32::from(check),
                (_, _) => false,
            },
            Self::Mod7(tail) => {
                let from = if tail == 0 {
                    0
                } else {
                    code.len().saturating_sub(usize::from(tail))
                };
                let body = body.get(from..).unwrap_or(&[]);
                mod7(body) == check
            }
            Self::Gls => ten_minus(weighted_left(body) + 1) == check,
            Self::Ident => ten_minus(weighted_right(body, 4, 9)) == check,
            Self::Usps20 => {
                let from = code.len().saturating_sub(20);
                let body = body.get(from..).unwrap_or(&[]);
                // With the service prefix 91 put in front: its weights are 3 and 1 (or 1 and 3).
                gs1(body) == check || gs1_after(body, [9, 1]) == check
            }
            Self::SmartPost if code.len() == 20 => gs1_after(body, [9, 2]) == check,
            Self::SmartPost => gs1(body) == check,
            Self::Ontrac => {
                let first = code
                    .first()
                    .map_or(0, |&letter| u32::from(letter).saturating_sub(8));
                ten_minus(first + alternating_sum(body.get(1..).unwrap_or(&[]), 2)) == check
            }
            Self::Luhn => luhn(body) == check,
            Self::Mod11 => mod11(body) == check,
            Self::Evri => ups_sum(body, true) % 10 == check,
            Self::Correos => correos(body) == check,
            Self::Tnt => {
                let serial = code.get(..9).unwrap_or(&[]);
                mod7(body) == check || s10(serial)
            }
            Self::SfExpress => {
                // Behind the letters and three digits of the area.
                let letters = code.iter().take_while(|&&symbol| symbol > 9).count();
                sf_express(body.get(letters + 3..).unwrap_or(&[])) == check
            }
        }
    }

    /// The name people know the rule by.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Gs1(_) => "GS1 modulo 10",
            Self::S10 => "postal union S10 modulo 11",
            Self::Ups | Self::UpsWaybill => "UPS modulo 10",
            Self::Iso7064 => "ISO 7064 modulo 37, 36",
            Self::Fedex12 | Self::Fedex34 | Self::FedexAstra => "FedEx modulo 11",
            Self::Mod7(_) => "modulo 7",
            Self::Gls => "GLS modulo 10",
            Self::Ident => "Deutsche Post modulo 10",
            Self::Usps20 | Self::SmartPost => "USPS modulo 10",
            Self::Ontrac => "OnTrac modulo 10",
            Self::Luhn => "Luhn",
            Self::Mod11 => "modulo 11",
            Self::Evri => "Evri modulo 10",
            Self::Correos => "Correos modulo 23",
            Self::Tnt => "TNT modulo 7 or 11",
            Self::SfExpress => "SF Express modulo 10",
        }
    }
}

const fn ten_minus(sum: u32) -> u32 {
    (10 - sum % 10) % 10
}

/// The sums of the symbols at even and at odd places, counted from nought; eight at once.
fn halves(body: &[u8]) -> (u32, u32) {
    const EVEN: u64 = 0x00ff_00ff_00ff_00ff;
    // Four lanes of sixteen bits side by side: their sum is in the topmost.
    let sum = |lanes: u64| (lanes.wrapping_mul(0x0001_0001_0001_0001) >> 48) as u32;
    let (eights, rest) = body.as_chunks::<8>();
    let (mut even, mut odd) = (0, 0);
    for eight in eights {
        let eight = u64::from_le_bytes(*eight);
        even += eight & EVEN;
        odd += (eight >> 8) & EVEN;
    }
    let (mut even, mut odd) = (sum(even), sum(odd));
    let (pairs, rest) = rest.as_chunks::<2>();
    for [left, right] in pairs {
        even += u32::from(*left);
        odd += u32::from(*right);
    }
    even += rest.first().map_or(0, |&last| u32::from(last));
    (even, odd)
}

/// Weights `last`, `other`, `last` ... from the right.
fn weighted_right(body: &[u8], last: u32, other: u32) -> u32 {
    let (even, odd) = halves(body);
    if body.len() % 2 == 1 {
        even * last + odd * other
    } else {
        odd * last + even * other
    }
}

/// Weights 3, 1, 3 ... from the left.
fn weighted_left(body: &[u8]) -> u32 {
    let (even, odd) = halves(body);
    even * 3 + odd
}

fn gs1(body: &[u8]) -> u32 {
    ten_minus(weighted_right(body, 3, 1))
}

/// [`gs1`] of the body with two digits put in front of it.
fn gs1_after(body: &[u8], front: [u32; 2]) -> u32 {
    let odd = body.len() % 2 == 1;
    let (first, second) = if odd { (3, 1) } else { (1, 3) };
    ten_minus(weighted_right(body, 3, 1) + front[0] * first + front[1] * second)
}

fn s10(serial: &[u8]) -> bool {
    let mut sum = 0;
    for (&digit, weight) in serial.iter().zip([8, 6, 4, 2, 3, 5, 9, 7]) {
        sum += u32::from(digit) * weight;
    }
    let check = match 11 - sum % 11 {
        10 => 0,
        11 => 5,
        other => other,
    };
    serial.last().is_some_and(|&last| u32::from(last) == check)
}

fn ups(body: &[u8]) -> u32 {
    ten_minus(ups_sum(body, false))
}

/// Weights 1, 2, 1 ... from the left, or 2, 1, 2 ..., with letters as UPS counts them.
fn ups_sum(body: &[u8], mut double: bool) -> u32 {
    let mut sum = 0;
    for &symbol in body {
        // A letter counts as (its ASCII code - 63) modulo 10; A is symbol 10.
        let value = if symbol < 10 {
            u32::from(symbol)
        } else {
            (u32::from(symbol) - 8) % 10
        };
        sum += if double { value * 2 } else { value };
        double = !double;
    }
    sum
}

/// The letter that the sum of the characters' codes stands for in the table of the Spanish tax
/// numbers.
fn correos(body: &[u8]) -> u32 {
    const LETTERS: [u8; 23] = *b"TRWAGMYFPDXBNJZSQVHLCKE";
    let mut sum = 0;
    for &symbol in body {
        // In ASCII a digit is 48 more than its symbol, a letter 55.
        sum += u32::from(symbol) + if symbol < 10 { 48 } else { 55 };
    }
    let letter = LETTERS.get((sum % 23) as usize);
    letter.map_or(0, |letter| u32::from(*letter) - 55)
}

/// Weights 1, 3, 5 ... from the right; a product counts as the sum of its two digits.
fn sf_express(body: &[u8]) -> u32 {
    let mut sum = 0;
    let mut weight = 1;
    for &digit in body.iter().rev() {
        let product = u32::from(digit) * weight;
        sum += product / 10 + product % 10;
        weight += 2;
    }
    ten_minus(sum)
}

/// Weights `first`, the other of 1 and 2, `first` ... from the left.
fn alternating_sum(body: &[u8], first: u32) -> u32 {
    let (even, odd) = halves(body);
    even * first + odd * (3 - first)
}

fn alternating(body: &[u8]) -> u32 {
    ten_minus(alternating_sum(body, 1))
}

fn iso7064(body: &[u8]) -> u32 {
    let mut product = 36;
    for &symbol in body {
        product += u32::from(symbol);
        if product > 36 {
            product -= 36;
        }
        product *= 2;
        if product >= 37 {
            product -= 37;
        }
    }
    (37 - product) % 36
}

fn cycle(body: &[u8], weights: [u32; 3]) -> u32 {
    let (threes, rest) = body.as_chunks::<3>();
    let mut sum = 0;
    for three in threes {
        for (&digit, weight) in three.iter().zip(weights) {
            sum += u32::from(digit) * weight;
        }
    }
    for (&digit, weight) in rest.iter().zip(weights) {
        sum += u32::from(digit) * weight;
    }
    sum % 11 % 10
}

fn luhn(body: &[u8]) -> u32 {
    let mut sum = 0;
    let mut double = true;
    for &digit in body.iter().rev() {
        let value = u32::from(digit) * if double { 2 } else { 1 };
        sum += if value > 9 { value - 9 } else { value };
        double = !double;
    }
    ten_minus(sum)
}

/// The number that the symbols write, modulo 7.
fn mod7(body: &[u8]) -> u32 {
    // What is left of ten's powers by seven, from the right: no product waits for the one before.
    const POWERS: [u32; 6] = [1, 3, 2, 6, 4, 5];
    let (rest, sixes) = body.as_rchunks::<6>();
    let mut sum = 0;
    for six in sixes {
        for (&digit, power) in six.iter().rev().zip(POWERS) {
            sum += u32::from(digit) * power;
        }
    }
    for (&digit, power) in rest.iter().rev().zip(POWERS) {
        sum += u32::from(digit) * power;
    }
    sum % 7
}

fn mod11(body: &[u8]) -> u32 {
    let mut sum = 0;
    for (&digit, weight) in body.iter().rev().zip([2, 3, 4, 5, 6, 7].iter().cycle()) {
        sum += u32::from(digit) * weight;
    }
    match 11 - sum % 11 {
        10 | 11 => 0,
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::Rule;

    fn symbols(code: &str) -> ([u8; 40], usize) {
        let mut out = [0; 40];
        for (slot, byte) in out.iter_mut().zip(code.bytes()) {
            *slot = if byte.is_ascii_digit() {
                byte - b'0'
            } else {
                byte - b'A' + 10
            };
        }
        (out, code.len())
    }

    /// Published codes with the rule they keep.
    const RIGHT: [(Rule, &str); 29] = [
        (Rule::Gs1(0), "00340433924192991025"),
        (Rule::Gs1(15), "9611020987654312345672"),
        (Rule::Gs1(22), "420787459400111206206406260787"),
        (Rule::Gs1(11), "8Q53804957971"),
        (Rule::S10, "RB123456785GB"),
        (Rule::Ups, "1Z5R89390357567127"),
        (Rule::UpsWaybill, "K1506235620"),
        (Rule::Iso7064, "09980000020033F"),
        (Rule::Iso7064, "008182709980000020033350276C"),
        (Rule::Fedex12, "986578788855"),
        (Rule::Fedex34, "1001921334250001000300779017972697"),
        (Rule::FedexAstra, "32971514560102447849175802862014"),
        (Rule::Mod7(0), "3318810025"),
        (Rule::Mod7(0), "444413758703"),
        (Rule::Usps20, "03071790000523483741"),
        (Rule::SmartPost, "61299998620341515252"),
        (Rule::Ontrac, "C11031500001879"),
        (Rule::Luhn, "320595463938"),
        (Rule::Mod11, "0500128254610"),
        (Rule::Mod11, "8204200864763"),
        (Rule::Evri, "H00TCC0028567558"),
        (Rule::Evri, "H02X8A0022918652"),
        (Rule::Correos, "PQ4F6P0703673180181750T"),
        (Rule::Correos, "PK55Z20727923640108018P"),
        (Rule::Correos, "DQ0DK20000034530118220Z"),
        (Rule::Tnt, "403923212"),
        (Rule::Tnt, "403923214"),
        (Rule::SfExpress, "SF1364216703436"),
        (Rule::SfExpress, "133938675660"),
    ];

    #[test]
    fn published_codes_keep_their_rules() {
        for (rule, code) in RIGHT {
            let (all, length) = symbols(code);
            assert!(rule.passes(&all[..length]), "{rule:?} {code}");
        }
    }

    #[test]
    fn every_wrong_digit_is_caught_where_the_rule_guarantees_it() {
        let sure = [
            Rule::Gs1(0),
            Rule::Iso7064,
            Rule::Luhn,
            Rule::Gls,
            Rule::Correos,
        ];
        for rule in sure {
            for seed in 0..200_u32 {
                let mut code = [0_u8; 15];
                let mut state = seed.wrapping_mul(2_654_435_761).wrapping_add(1);
                for digit in code.iter_mut().take(14) {
                    state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    *digit = u8::try_from((state >> 16) % 10).expect("a digit");
                }
                let right = (0..36).find(|check| {
                    code[14] = *check;
                    rule.passes(&code)
                });
                code[14] = right.expect("some check symbol is right");
                for at in 0..14 {
                    for wrong in (0..10).filter(|digit| *digit != code[at]) {
                        let mut other = code;
                        other[at] = wrong;
                        assert!(!rule.passes(&other), "{rule:?} {code:?} at {at}: {wrong}");
                    }
                }
            }
        }
    }

    #[test]
    fn no_rule_panics_on_short_codes() {
        for (rule, _) in RIGHT {
            for length in 0..12 {
                let _ = rule.passes(&[9; 12][..length]);
            }
        }
    }
}
