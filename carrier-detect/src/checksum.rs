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
    Parcelforce,
    MagyarPosta,
    Seur,
    DhlPoland,
}

impl Rule {
    /// Whether the code passes a rule that is no weighted sum. Of those that are, only codes that are
    /// too short for them come here.
    pub(crate) fn passes_unweighted(self, code: &[u8]) -> bool {
        let Some((&check, body)) = code.split_last() else {
            return false;
        };
        let check = u32::from(check);
        match self {
            Self::None => true,
            Self::Ups => ups(body.get(2..).unwrap_or(&[])) == check,
            Self::Iso7064 => iso7064(body) == check,
            Self::Ontrac => {
                let first = code
                    .first()
                    .map_or(0, |&letter| u32::from(letter).saturating_sub(8));
                ten_minus(first + doubled_first(body.get(1..).unwrap_or(&[]))) == check
            }
            Self::Luhn => luhn(body) == check,
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
            Self::Gs1(_)
            | Self::S10
            | Self::UpsWaybill
            | Self::Fedex12
            | Self::Fedex34
            | Self::FedexAstra
            | Self::Mod7(_)
            | Self::Gls
            | Self::Ident
            | Self::Usps20
            | Self::SmartPost
            | Self::Mod11
            | Self::Parcelforce
            | Self::MagyarPosta
            | Self::Seur
            | Self::DhlPoland => false,
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
            Self::Parcelforce => "Parcelforce modulo 11",
            Self::MagyarPosta => "Magyar Posta modulo 10",
            Self::Seur => "SEUR modulo 10",
            Self::DhlPoland => "DHL modulo 10",
        }
    }
}

const fn ten_minus(sum: u32) -> u32 {
    (10 - sum % 10) % 10
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

/// Weights 2, 1, 2 ... from the left.
fn doubled_first(body: &[u8]) -> u32 {
    let digits = body.iter().zip([2, 1].iter().cycle());
    digits
        .map(|(&digit, weight)| u32::from(digit) * weight)
        .sum()
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
    body.iter()
        .fold(0, |left, &digit| (left * 10 + u32::from(digit)) % 7)
}

#[cfg(test)]
mod tests {
    use super::Rule;
    use crate::input::Code;
    use crate::weighted::Check;

    fn code(symbols: &[u8]) -> Code {
        let mut code = Code::EMPTY;
        for (slot, symbol) in code.symbols.iter_mut().zip(symbols) {
            *slot = *symbol;
        }
        code.length = u8::try_from(symbols.len()).expect("a code's length");
        code
    }

    fn passes(rule: Rule, symbols: &[u8]) -> bool {
        Check::new(rule, symbols.len()).passes(&code(symbols))
    }

    /// Published codes with the rule they keep.
    const RIGHT: [(Rule, &str); 45] = [
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
        (Rule::Mod7(10), "632976615493"),
        (Rule::Mod7(10), "347575800551"),
        (Rule::Ident, "201298452277"),
        (Rule::Gls, "123416227171"),
        (Rule::Gls, "922052831823"),
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
        (Rule::Correos, "PQAFDC9800941780181600L"),
        (Rule::Tnt, "403923212"),
        (Rule::Tnt, "403923214"),
        (Rule::SfExpress, "SF1364216703436"),
        (Rule::SfExpress, "133938675660"),
        (Rule::Parcelforce, "UK3467769"),
        (Rule::Parcelforce, "PBTM8041434001"),
        (Rule::Parcelforce, "PBIT5722671001"),
        (Rule::MagyarPosta, "PN9S650213812"),
        (Rule::MagyarPosta, "PNVF1510074850011157001200"),
        (Rule::Seur, "19230182019775"),
        (Rule::Seur, "47470138102387"),
        (Rule::Seur, "28470138106687"),
        (Rule::DhlPoland, "27563594371"),
        (Rule::DhlPoland, "JJD000030214472000000170450"),
    ];

    #[test]
    fn published_codes_keep_their_rules() {
        for (rule, code) in RIGHT {
            let mut read = Code::EMPTY;
            assert!(read.fill(code.as_bytes(), &mut [0; 40]));
            assert!(
                Check::new(rule, code.len()).passes(&read),
                "{rule:?} {code}"
            );
            // Not any other digit in its place.
            let place = if rule == Rule::S10 || rule == Rule::Parcelforce && code.len() == 14 {
                10
            } else if rule == Rule::FedexAstra {
                27
            } else if rule == Rule::MagyarPosta {
                12
            } else {
                code.len() - 1
            };
            let right = (0..36).filter(|check| {
                read.symbols[place] = *check;
                Check::new(rule, code.len()).passes(&read)
            });
            let both = matches!(rule, Rule::Usps20 | Rule::Tnt);
            assert!(right.count() <= 1 + usize::from(both), "{rule:?} {code}");
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
                    passes(rule, &code)
                });
                code[14] = right.expect("some check symbol is right");
                for at in 0..14 {
                    for wrong in (0..10).filter(|digit| *digit != code[at]) {
                        let mut other = code;
                        other[at] = wrong;
                        assert!(!passes(rule, &other), "{rule:?} {code:?} at {at}: {wrong}");
                    }
                }
            }
        }
    }

    #[test]
    fn no_rule_panics_on_short_codes() {
        for (rule, _) in RIGHT {
            for length in 1..12 {
                let _ = passes(rule, &[9; 12][..length]);
            }
        }
    }
}
