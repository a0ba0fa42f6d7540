//! The matcher's tables: for each length, for what codes start with and for where they have
//! letters, the forms that may fit, a bit each.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::ready::Readies;
use super::{ALPHABET, DIGITS, Form, LETTERS, LONGEST, Made};

/// How many kinds of codes there are of each length: digits only, and those with letters by
/// whether the second, the third and the last are letters.
const KINDS: usize = 9;

/// Positions that are looked at at once.
const AT_ONCE: usize = 4;

/// Forms that are looked at together: a bit each in one word.
pub(super) struct Group<'a> {
    pub(super) made: Vec<&'a Made>,
    /// The names of all check digit rules.
    pub(super) rules: &'a [String],
    pub(super) digits_only: bool,
    /// The characters that may stand at each position.
    pub(super) allowed: Form,
}

impl Group<'_> {
    /// A bit for each form that is as asked.
    pub(super) fn bits(&self, fits: impl Fn(&Made) -> bool) -> u64 {
        let made = self.made.iter().enumerate();
        made.filter(|(_, made)| fits(made))
            .fold(0, |bits, (at, _)| bits | 1 << at)
    }
}

/// Writes the tables.
pub(super) fn write(all: &[Made], by_length: &[Vec<usize>], rules: &[String], out: &mut String) {
    // The groups in the order they are met, and which of them each start has.
    let mut groups: Vec<(Vec<usize>, Group<'_>)> = Vec::new();
    let mut starts: Vec<Option<usize>> = Vec::new();
    for (length, here) in by_length.iter().enumerate() {
        for kind in 0..KINDS {
            let mut known: BTreeMap<Vec<usize>, usize> = BTreeMap::new();
            for start in 0..ALPHABET {
                let allowed = allowed(length, kind, start);
                let list: Vec<usize> = here
                    .iter()
                    .copied()
                    .filter(|&at| fits(&all[at].form, &allowed, kind > 0))
                    .collect();
                if list.is_empty() {
                    starts.push(None);
                    continue;
                }
                let number = *known.entry(list.clone()).or_insert_with(|| {
                    let group = Group {
                        made: list.iter().map(|&at| &all[at]).collect(),
                        rules,
                        digits_only: kind == 0,
                        allowed,
                    };
                    groups.push((list, group));
                    groups.len() - 1
                });
                starts.push(Some(number));
            }
        }
    }
    // What is common first, so that it lies together and stays in the processor's nearest cache.
    let common = |at: usize| -> f64 { groups[at].1.made.iter().map(|made| made.common).sum() };
    let mut order: Vec<usize> = (0..groups.len()).collect();
    order.sort_by(|&left, &right| common(right).total_cmp(&common(left)));
    let mut tables = Tables::default();
    tables.groups.push("Group::NONE".to_owned());
    let mut numbers = vec![0; groups.len()];
    for at in order {
        let (list, group) = &groups[at];
        numbers[at] = tables.add(group, list);
    }
    tables.starts = starts
        .into_iter()
        .map(|at| at.map_or(0, |at| numbers[at]))
        .collect();
    let forms = all.iter().map(Made::text).collect();
    masked(out, "FORMS", "Form", forms, "Form::NONE");
    tables.write(out);
}

/// The characters that may stand at each position of a kind of codes.
fn allowed(length: usize, kind: usize, start: usize) -> Form {
    if kind == 0 {
        let mut allowed = vec![DIGITS; length];
        allowed
            .iter_mut()
            .take(1)
            .for_each(|set| *set = DIGITS & 1 << start);
        return allowed;
    }
    let mut allowed = vec![DIGITS | LETTERS; length];
    for (at, bit) in [(1, 4), (2, 2), (length.wrapping_sub(1), 1)] {
        let set = if (kind - 1) & bit == 0 {
            DIGITS
        } else {
            LETTERS
        };
        allowed
            .iter_mut()
            .skip(at)
            .take(1)
            .for_each(|slot| *slot = set);
    }
    allowed.iter_mut().take(1).for_each(|set| *set = 1 << start);
    allowed
}

/// Whether some code of such characters, with letters or without, fits a form.
fn fits(form: &Form, allowed: &Form, letters: bool) -> bool {
    let mut both = form
        .iter()
        .zip(allowed)
        .map(|(form, allowed)| form & allowed);
    both.clone().all(|set| set != 0) && (!letters || both.any(|set| set & LETTERS != 0))
}

/// The matcher's tables while they grow.
#[derive(Default)]
struct Tables {
    starts: Vec<u16>,
    groups: Vec<String>,
    /// The forms of the groups.
    members: Vec<usize>,
    columns: Vec<String>,
    maps: Vec<u8>,
    rows: Vec<u64>,
    ready: Readies,
}

/// Where a list stands in a table, at whose end it is put if it does not yet.
fn pooled<T: PartialEq + Copy>(pool: &mut Vec<T>, list: &[T]) -> usize {
    let found = pool.windows(list.len()).position(|part| part == list);
    found.unwrap_or_else(|| {
        pool.extend(list);
        pool.len() - list.len()
    })
}

impl Tables {
    /// Adds a group and tells its number.
    fn add(&mut self, group: &Group<'_>, list: &[usize]) -> u16 {
        let made = &group.made[..];
        assert!(made.len() <= 64, "too many forms with one start");
        // A position counts where forms differ in what they take of what may stand there. The
        // first does not: all forms of a group take its starts.
        let differ = |at: &usize, of: u64| {
            let of = group.allowed[*at] & of;
            *at > 0 && made.iter().any(|made| made.form[*at] & of != of)
        };
        let (mut places, mut lettered) = (0_u64, 0_u64);
        for at in 0..group.allowed.len() {
            let letters_only = group.allowed[at] & DIGITS == 0;
            if differ(&at, DIGITS) || letters_only && differ(&at, LETTERS) {
                places |= 1 << at;
            }
            if differ(&at, LETTERS) {
                lettered |= 1 << at;
            }
        }
        let first_form = self.members.len();
        let sets = self.ready.add(group);
        let positions = |mask: u64| (0..LONGEST).filter(move |at| mask >> at & 1 == 1);
        let mut fours = |mask: u64| -> Vec<String> {
            let columns: Vec<String> = positions(mask).map(|at| self.column(group, at)).collect();
            columns
                .chunks(AT_ONCE)
                .map(|four| self.four(four))
                .collect()
        };
        let mut known = fours(places);
        let more = known.split_off(known.len().min(1));
        let behind = fours(lettered & !places);
        let known = known.pop().unwrap_or_else(|| self.four(&[]));
        self.groups.push(format!(
            "Group {{ first_form: {first_form}, four: {}, first_column: {}, columns: {}, lettered_columns: {}, lettered: {:#x}, all: {:#x}, {sets} }}",
            known,
            self.columns.len(),
            more.len(),
            (lettered & !places).count_ones(),
            lettered & !places,
            group.bits(|_| true),
        ));
        self.columns.extend(more.into_iter().chain(behind));
        self.members.extend(list);
        u16::try_from(self.groups.len() - 1).expect("a group's number")
    }

    /// A position of a group: which characters are alike, and which forms take them.
    fn column(&mut self, group: &Group<'_>, at: usize) -> String {
        let mut distinct: Vec<u64> = Vec::new();
        let takes = |value: &usize| group.allowed[at] >> value & 1 == 1;
        let map: Vec<u8> = (0..ALPHABET)
            .filter(takes)
            .map(|value| {
                let bits = group.bits(|made| made.form[at] >> value & 1 == 1);
                let found = distinct.iter().position(|known| *known == bits);
                let class = found.unwrap_or_else(|| {
                    distinct.push(bits);
                    distinct.len() - 1
                });
                u8::try_from(class).expect("at most 36 classes")
            })
            .collect();
        // From the first character that may stand there: before it is nothing to be found.
        let first = (0..ALPHABET).find(takes).expect("some character");
        let first = u16::try_from(first).expect("a character");
        let start = pooled(&mut self.maps, &map);
        let map = u16::try_from(start)
            .expect("a place in a map")
            .wrapping_sub(first);
        let rows = pooled(&mut self.rows, &distinct);
        format!("Column {{ place: {at}, map: {map}, rows: {rows} }}")
    }

    /// Four positions; where there are fewer, such as take whatever stands there.
    fn four(&mut self, columns: &[String]) -> String {
        let anything = format!(
            "Column {{ place: 0, map: {}, rows: {} }}",
            pooled(&mut self.maps, &[0; ALPHABET]),
            pooled(&mut self.rows, &[u64::MAX]),
        );
        let mut four = columns.to_vec();
        four.resize(AT_ONCE, anything);
        format!("Four([{}])", four.join(", "))
    }

    fn write(&self, out: &mut String) {
        let text = |numbers: &[u16]| numbers.iter().map(u16::to_string).collect();
        masked(out, "STARTS", "u16", text(&self.starts), "0");
        masked(out, "GROUPS", "Group", self.groups.clone(), "Group::NONE");
        let members = self.members.iter().map(usize::to_string).collect();
        masked(out, "MEMBERS", "u16", members, "0");
        table(out, "COLUMNS", "Four", &self.columns);
        let maps = self.maps.iter().map(u8::to_string).collect();
        masked(out, "MAPS", "u8", maps, "0");
        let rows = self.rows.iter().map(|word| format!("{word:#x}")).collect();
        masked(out, "ROWS", "u64", rows, "0");
        self.ready.write(out);
    }
}

/// A table with as many entries as a power of two, so that its numbers need no look at its end.
pub(super) fn masked(out: &mut String, name: &str, of: &str, mut items: Vec<String>, filler: &str) {
    items.resize(items.len().next_power_of_two(), filler.to_owned());
    table(out, name, of, &items);
}

/// A table with its entries.
pub(super) fn table(out: &mut String, name: &str, of: &str, items: &[String]) {
    let count = items.len();
    writeln!(out, "pub(crate) static {name}: [{of}; {count}] = [").unwrap();
    let mut line = String::new();
    for item in items {
        if line.len() + item.len() > 160 {
            writeln!(out, "    {}", line.trim_end()).unwrap();
            line.clear();
        }
        write!(line, "{item}, ").unwrap();
    }
    writeln!(out, "    {}\n];\n", line.trim_end()).unwrap();
}
