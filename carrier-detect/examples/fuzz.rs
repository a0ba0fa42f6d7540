//! Throws made-up and damaged texts at the detector for a while, and says how many it took.
//!
//! `cargo run --release -p carrier-detect --example fuzz -- 600 7` runs for 600 seconds from seed 7.
//! A panic, a malformed answer or a slow one ends it with the text that caused it.
#![expect(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a program for the terminal that stops by the clock"
)]

use std::hint::black_box;
use std::time::{Duration, Instant};

use carrier_detect::words::{self, Account, Marketplace};
use carrier_detect::{Candidate, Carrier, Check, Country, Hints, UrlParts, Usual, detect, formats};

/// Longest text made here, in characters.
const LONGEST: usize = 4096;

/// A small generator of repeatable numbers.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 11).unwrap_or(0) % limit.max(1)
    }

    fn pick<'a, T>(&mut self, of: &'a [T]) -> Option<&'a T> {
        of.get(self.below(of.len()))
    }
}

/// Pieces that the reading of a text looks for.
const PIECES: [&str; 40] = [
    "https://",
    "http://",
    "www.",
    "postnl.nl/",
    "tracking.dpd.de/",
    "?",
    "&",
    "=",
    "#",
    "%20",
    "(00)",
    "(01)",
    "]C1",
    "]Q3",
    "-NL-1012AB",
    "-DE-",
    " ",
    ".",
    "-",
    "/",
    "\u{a0}",
    "\u{200b}",
    "\u{ff11}\u{ff12}",
    "é",
    "😀",
    "+31",
    "@",
    "{n}",
    "<",
    ">",
    "T&T: ",
    "Sendung ",
    "3S",
    "1Z",
    "00340434",
    "JVGL",
    "0000",
    "\0",
    "\n",
    "NL91ABNA",
];

fn main() {
    let mut arguments = std::env::args().skip(1);
    let mut number = |otherwise| {
        arguments
            .next()
            .and_then(|text| text.parse().ok())
            .unwrap_or(otherwise)
    };
    let seconds: u64 = number(10);
    let mut dice = Dice(number(7).max(1));
    let slugs: Vec<_> = Carrier::all()
        .map(|carrier| Usual::new(carrier, 1.0))
        .collect();
    let countries: Vec<Country> = ["NL", "DE", "FR", "GB", "US", "PL"]
        .iter()
        .filter_map(|code| Country::new(code))
        .collect();
    let start = Instant::now();
    let (mut texts, mut answered, mut slowest) = (0_u64, 0_u64, Duration::ZERO);
    let mut text = String::new();
    while start.elapsed() < Duration::from_secs(seconds) {
        for _ in 0..1000 {
            next_text(&mut dice, &mut text);
            let postcode: String = text.chars().take(dice.below(12)).collect();
            let mut hints = Hints::none();
            if dice.below(3) == 0 {
                hints.destination = dice.pick(&countries).copied();
                hints.origin = dice.pick(&countries).copied();
                hints.postcode = Some(&postcode);
                let from = dice.below(slugs.len());
                hints.usual = slugs
                    .get(from..slugs.len().min(from + dice.below(5)))
                    .unwrap_or(&[]);
                hints.marketplace = dice.pick(&Marketplace::ALL).copied();
            }
            let before = Instant::now();
            let found = detect(&text, &hints);
            slowest = slowest.max(before.elapsed());
            look(&text, &found, &postcode, &mut dice);
            texts += 1;
            answered += u64::from(found.best().is_some());
        }
    }
    println!("{texts} texts, {answered} with a candidate, slowest {slowest:?}, no panic");
}

/// Makes a text of pieces and codes, or damages the one before.
fn next_text(dice: &mut Dice, text: &mut String) {
    if dice.below(4) == 0 || text.is_empty() || text.len() > LONGEST {
        text.clear();
    }
    for _ in 0..=dice.below(4) {
        match dice.below(6) {
            0 => text.push_str(dice.pick(&PIECES).copied().unwrap_or("")),
            1 => {
                let examples = dice.pick(formats()).map_or("", |format| format.pattern);
                text.push_str(examples);
            }
            2 => {
                for _ in 0..dice.below(30) {
                    text.push(char::from(b'0' + u8::try_from(dice.below(10)).unwrap_or(0)));
                }
            }
            3 => {
                for _ in 0..dice.below(12) {
                    let any = u32::try_from(dice.below(0x11_0000)).unwrap_or(0);
                    text.push(char::from_u32(any).unwrap_or('\u{fffd}'));
                }
            }
            4 => {
                for _ in 0..dice.below(14) {
                    text.push(char::from(
                        b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-. /"[dice.below(40)],
                    ));
                }
            }
            _ => damage(dice, text),
        }
    }
}

/// Takes out, doubles or replaces one character.
fn damage(dice: &mut Dice, text: &mut String) {
    let at = dice.below(text.chars().count());
    let Some((index, old)) = text.char_indices().nth(at) else {
        return;
    };
    match dice.below(3) {
        0 => drop(text.remove(index)),
        1 => text.insert(index, old),
        _ => {
            text.remove(index);
            text.insert(
                index,
                char::from(b' ' + u8::try_from(dice.below(95)).unwrap_or(0)),
            );
        }
    }
}

/// What every answer has to hold, and every way to read it.
fn look(text: &str, found: &carrier_detect::Detection, postcode: &str, dice: &mut Dice) {
    let all = found.candidates();
    assert!(all.len() <= 8, "{text:?}");
    let sum: f32 = all.iter().map(Candidate::confidence).sum();
    assert!(sum <= 1.001, "{sum} {text:?}");
    assert!(
        all.is_sorted_by(|a, b| a.confidence() >= b.confidence()),
        "{text:?}"
    );
    for one in all {
        assert!((0.0..=1.0).contains(&one.confidence()), "{text:?}");
        assert!(
            one.check() != Check::Failed || one.confidence() < 0.5,
            "{text:?}"
        );
    }
    if dice.below(16) == 0 {
        black_box(format!(
            "{found:?} {:?} {:?}",
            found.verdict(),
            found.postcode()
        ));
        for one in all {
            black_box(one.to_string());
            let parts = UrlParts::new(found.code()).with_postcode(postcode);
            if let Ok(url) = one.carrier().tracking_url(&parts) {
                black_box(url.to_string());
            }
            for marketplace in Marketplace::ALL {
                let _ = black_box(words::to_marketplace(
                    marketplace,
                    one.carrier(),
                    &Account::new(),
                ));
            }
        }
        for marketplace in Marketplace::ALL {
            black_box(words::from_marketplace(marketplace, text));
        }
        black_box(words::named(text));
    }
}
