//! The matcher's tables: for each length, for codes with and without letters and for what they
//! start with, the forms that may fit, a bit each.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::{ALPHABET, DIGITS, Form, LETTERS, Made};

/// Writes the matcher's tables.
pub(super) fn write(by_length: &[Vec<Made>], out: &mut String) {
    let mut tables = Tables::default();
    tables.groups.push("Group::NONE".to_owned());
    for here in by_length {
        let digits_only = |form: &Form| form.iter().all(|set| set & DIGITS != 0);
        let lettered = |form: &Form| form.iter().any(|set| set & LETTERS != 0);
        let both = [
            (groups(here, digits_only), true),
            (groups(here, lettered), false),
        ];
        for (groups, digits_only) in both {
            let mut starts = [0_u8; 64];
            for group in groups {
                assert!(group.made.len() <= 64, "too many forms with one start");
                if group.made.is_empty() {
                    continue;
                }
                let number = u8::try_from(tables.groups.len()).expect("at most 255 groups");
                for (symbol, slot) in starts.iter_mut().enumerate().take(ALPHABET) {
                    if group.starts >> symbol & 1 == 1 {
                        *slot = number;
                    }
                }
                tables.add(&group.made, digits_only);
            }
            tables.starts.push(starts);
        }
    }
    tables.write(out);
}

/// Forms of one length that are looked at together: a bit each in one word.
struct Group<'a> {
    made: Vec<&'a Made>,
    /// The characters a code may start with.
    starts: u64,
}

/// The forms that `keep` lets through, by what they may start with, at most a word of them each.
fn groups<'a>(here: &'a [Made], keep: impl Fn(&Form) -> bool) -> Vec<Group<'a>> {
    let made_of = |starts: u64| -> Vec<&Made> {
        here.iter()
            .filter(|made| keep(&made.form) && made.form[0] & starts != 0)
            .collect()
    };
    let mut groups: Vec<Group<'a>> = Vec::new();
    let mut starts = 0;
    for symbol in 0..ALPHABET {
        let more = starts | 1 << symbol;
        if made_of(more).len() > 64 {
            groups.push(Group {
                made: made_of(starts),
                starts,
            });
            starts = 1 << symbol;
        } else {
            starts = more;
        }
    }
    groups.push(Group {
        made: made_of(starts),
        starts,
    });
    groups
}

/// What every code of digits of a length may be: carriers, heaviest first.
fn anyone(here: &[&Made], first: usize) -> (String, f32) {
    let mut all: BTreeMap<usize, (f64, f64, usize)> = BTreeMap::new();
    for (at, made) in here.iter().enumerate() {
        if let Some(weight) = made.any {
            // As it is written, so that sums come out alike.
            let weight: f64 = format!("{weight:.3e}").parse().expect("a number");
            let known = all.entry(made.order).or_insert((0.0, 0.0, 0));
            if weight > known.1 {
                *known = (known.0, weight, first + at);
            }
            known.0 += weight;
        }
    }
    let mut all: Vec<_> = all.into_iter().collect();
    all.sort_by(|left, right| right.1.0.total_cmp(&left.1.0));
    assert!(all.len() <= 32, "more carriers than a mask has bits");
    // Added up as the sum of the numbers that are written.
    let sum = all
        .iter()
        .map(|(_, (weight, ..))| format!("{weight:.3e}").parse::<f32>().expect("a number"))
        .fold(0.0, |sum, weight| sum + weight);
    let list: Vec<String> = all
        .into_iter()
        .map(|(carrier, (weight, best, form))| {
            format!("Anyone {{ carrier: {carrier}, form: {form}, weight: {weight:.3e}, best: {best:.3e} }}")
        })
        .collect();
    (format!("&[{}]", list.join(", ")), sum)
}

/// The matcher's tables while they grow.
#[derive(Default)]
struct Tables {
    starts: Vec<[u8; 64]>,
    groups: Vec<String>,
    forms: Vec<String>,
    columns: Vec<String>,
    maps: Vec<[u8; 64]>,
    rows: Vec<u64>,
}

impl Tables {
    fn add(&mut self, made: &[&Made], digits_only: bool) {
        let length = made[0].form.len();
        let bits = |fits: &dyn Fn(&Made) -> bool| {
            made.iter()
                .enumerate()
                .filter(|(_, made)| fits(made))
                .fold(0_u64, |bits, (at, _)| bits | 1 << at)
        };
        // From here on every digit is as good as any other: one row for a tail of digits.
        let alike = |at: usize| {
            made.iter()
                .all(|made| matches!(made.form[at] & DIGITS, 0 | DIGITS))
        };
        // A group for codes of digits only is all tail: only those places count where its forms
        // differ in which digits they take.
        let (tail, places) = if digits_only {
            let differ = |at: &usize| made.iter().any(|made| made.form[*at] & DIGITS != DIGITS);
            let places = (0..length)
                .filter(differ)
                .fold(0_u64, |all, at| all | 1 << at);
            (0, places)
        } else {
            let tail = (0..length)
                .rev()
                .find(|&at| !alike(at))
                .map_or(0, |at| at + 1);
            (tail, (1 << tail) - 1)
        };
        let tail_row = bits(&|made| made.form[tail..].iter().all(|set| set & DIGITS != 0));
        let (anyone, sum) = anyone(made, self.forms.len());
        self.groups.push(format!(
            "Group {{ first_form: {}, first_column: {}, tail: {tail}, tail_row: {tail_row:#x}, places: {places:#x}, all: {:#x}, others: {:#x}, anyone: {anyone}, anyone_sum: {sum:?} }}",
            self.forms.len(),
            self.columns.len(),
            bits(&|_| true),
            bits(&|made| made.any.is_none()),
        ));
        self.forms.extend(made.iter().map(|made| made.text.clone()));
        for at in 0..length {
            let mut distinct: Vec<u64> = Vec::new();
            let mut map = [0_u8; 64];
            for (value, slot) in map.iter_mut().enumerate().take(ALPHABET) {
                let bits = bits(&|made| made.form[at] >> value & 1 == 1);
                let found = distinct.iter().position(|known| *known == bits);
                let class = found.unwrap_or_else(|| {
                    distinct.push(bits);
                    distinct.len() - 1
                });
                *slot = u8::try_from(class).expect("at most 36 classes");
            }
            let found = self.maps.iter().position(|known| *known == map);
            let map_at = found.unwrap_or_else(|| {
                self.maps.push(map);
                self.maps.len() - 1
            });
            self.columns
                .push(format!("({map_at}, {})", self.rows.len()));
            self.rows.extend(distinct);
        }
    }

    fn write(&self, out: &mut String) {
        let mut table = |name: &str, of: &str, count: usize, lines: Vec<String>| {
            writeln!(out, "pub(crate) static {name}: [{of}; {count}] = [").unwrap();
            for line in lines {
                writeln!(out, "    {line},").unwrap();
            }
            out.push_str("];\n\n");
        };
        let maps = |maps: &[[u8; 64]]| maps.iter().map(|map| format!("{map:?}")).collect();
        table("STARTS", "[u8; 64]", self.starts.len(), maps(&self.starts));
        table("GROUPS", "Group", self.groups.len(), self.groups.clone());
        table("FORMS", "Form", self.forms.len(), self.forms.clone());
        let columns = self.columns.chunks(12).map(|chunk| chunk.join(", "));
        table(
            "COLUMNS",
            "(u16, u16)",
            self.columns.len(),
            columns.collect(),
        );
        table("MAPS", "[u8; 64]", self.maps.len(), maps(&self.maps));
        let rows = self.rows.chunks(8).map(|chunk| {
            let hex: Vec<String> = chunk.iter().map(|word| format!("{word:#x}")).collect();
            hex.join(", ")
        });
        table("ROWS", "u64", self.rows.len(), rows.collect());
    }
}
