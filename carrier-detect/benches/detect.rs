//! Codes per second on one core: the detector, and a `RegexSet` over the same table.
//!
//! `cargo bench -p carrier-detect`; with `--features bench-peer` also the crate
//! `tracking-numbers`, which needs a C compiler.

#[path = "../tests/generator/mod.rs"]
#[expect(dead_code, reason = "only the patterns are needed here")]
mod generator;
#[path = "../tests/samples/mod.rs"]
mod samples;

use carrier_detect::{Hints, detect, detect_each, formats};
use divan::Bencher;
use divan::counter::ItemsCount;
use samples::Dice;

fn main() {
    divan::main();
}

/// 60 % codes made from the formats by how common they are, 20 % public samples, 5 % with a wrong
/// last digit, 15 % no codes (words, article numbers, telephone numbers, dates).
fn corpus() -> Vec<String> {
    const NO_CODES: [&str; 8] = [
        "afgehaald",
        "n.v.t.",
        "8712345678906",
        "+31 6 12345678",
        "2026-11-23",
        "0612345678",
        "NL91ABNA0417164300",
        "Bestelling 12345678",
    ];
    let data = generator::Data::embedded();
    let mut dice = Dice(0xbe9c_4001);
    let mut wheel = Vec::new();
    let mut public = Vec::new();
    for row in data.formats.rows() {
        let forms = generator::expand(row.get("pattern"));
        let prior: f64 = row.get("prior").parse().unwrap_or(0.0);
        for _ in 0..(1..=1400)
            .take_while(|at| f64::from(*at) <= prior * 100.0)
            .count()
        {
            wheel.push(forms.clone());
        }
        let samples = row
            .list("valid")
            .into_iter()
            .filter(|code| !code.starts_with('~'));
        public.extend(samples.map(str::to_owned));
    }
    let pick = |dice: &mut Dice| {
        let forms = &wheel[dice.below(wheel.len())];
        let form = forms[dice.below(forms.len())].clone();
        dice.code(&form)
    };
    (0..20_000)
        .map(|_| match dice.below(20) {
            0..12 => pick(&mut dice),
            12..16 => public[dice.below(public.len())].clone(),
            16 => {
                let mut code = public[dice.below(public.len())].clone();
                let last = code
                    .pop()
                    .map_or('0', |last| if last == '7' { '3' } else { '7' });
                code.push(last);
                code
            }
            _ => NO_CODES[dice.below(NO_CODES.len())].to_owned(),
        })
        .collect()
}

#[divan::bench]
fn carrier_detect(bencher: Bencher<'_, '_>) {
    let codes = corpus();
    bencher
        .counter(ItemsCount::new(codes.len()))
        .bench_local(|| {
            for code in &codes {
                // Looked at where it is: a copy of it would cost a tenth of the time.
                let found = detect(divan::black_box(code), &Hints::none());
                divan::black_box(&found);
            }
        });
}

#[divan::bench]
fn carrier_detect_each(bencher: Bencher<'_, '_>) {
    let codes = corpus();
    bencher
        .counter(ItemsCount::new(codes.len()))
        .bench_local(|| {
            let texts = codes.iter().map(|code| divan::black_box(code.as_str()));
            detect_each(texts, &Hints::none(), |_, found| {
                divan::black_box(found);
            });
        });
}

#[divan::bench(sample_count = 3, sample_size = 1)]
fn regex_set_of_the_same_table(bencher: Bencher<'_, '_>) {
    let codes = corpus();
    let patterns = formats()
        .iter()
        .map(|format| format!("^(?:{})$", format.pattern));
    let Ok(set) = regex::bytes::RegexSetBuilder::new(patterns)
        .unicode(false)
        .size_limit(1 << 26)
        .build()
    else {
        return;
    };
    bencher
        .counter(ItemsCount::new(codes.len()))
        .bench_local(|| {
            for code in &codes {
                divan::black_box(set.matches(divan::black_box(code.as_bytes())));
            }
        });
}

/// The crate `tracking-numbers`, which knows a sixth of the formats; its table is read before.
#[cfg(feature = "bench-peer")]
#[divan::bench(sample_count = 3, sample_size = 1)]
fn tracking_numbers_crate(bencher: Bencher<'_, '_>) {
    let codes = corpus();
    divan::black_box(tracking_numbers::track("1Z5R89390357567127"));
    bencher
        .counter(ItemsCount::new(codes.len()))
        .bench_local(|| {
            for code in &codes {
                divan::black_box(tracking_numbers::track(divan::black_box(code)));
            }
        });
}

/// One kind of text at a time.
#[divan::bench(args = [
    "3SMYPA098753425",
    "JVGL0627463317265600",
    "RB123456785GB",
    "1Z5R89390357567127",
    "00340433924192991025",
    "05308801410058",
    "986578788855",
    "3318810025",
    "3S MYPA 098753425",
    "afgehaald",
    "https://jouw.postnl.nl/track-and-trace/3SMYPA098753425-NL-1012AB",
])]
fn one(bencher: Bencher<'_, '_>, text: &str) {
    bencher.bench(|| detect(divan::black_box(text), &Hints::none()));
}
