//! Answers that stand ready: for each set of forms that a code may fit, and for each outcome of
//! its check digits, the carriers in order with their weights.

use std::collections::{BTreeMap, BTreeSet};

use super::matcher::{Group, masked, table};
use super::{ALPHABET, Form, LETTERS, Made};

#[path = "../../src/failed.rs"]
mod failed;

/// Most candidates of one answer.
const MOST_CANDIDATES: usize = 8;
/// Of so many check digits, all outcomes stand ready; of further ones, those where one is right. Where
/// several are, the detector puts the outcomes together.
const ALL_FORESEEN: usize = 2;
/// Check digits of a set that stands ready at most.
const MOST_CHECKS: usize = 8;
/// Stands for a list of check digits.
const MANY: usize = u8::MAX as usize;

/// Which check digits are right, a bit each, in the outcomes that stand ready.
fn foreseen(checks: usize) -> Vec<u64> {
    let all = 0..1 << checks.min(ALL_FORESEEN);
    all.chain((ALL_FORESEEN..checks).map(|at| 1 << at))
        .collect()
}

/// The check digits of forms; nothing where their outcomes cannot stand ready.
///
/// First those of carriers that have two: their weights add up, while the others do not touch each
/// other.
fn checks(forms: &[(usize, &Made)]) -> Option<Vec<usize>> {
    let mut carriers: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
    for (_, made) in forms.iter().filter(|(_, made)| made.check != 0) {
        carriers.entry(made.order).or_default().insert(made.check);
    }
    let (two, one): (Vec<_>, Vec<_>) = carriers.values().partition(|checks| checks.len() > 1);
    let first: BTreeSet<usize> = two.into_iter().flatten().copied().collect();
    let others: BTreeSet<usize> = one.into_iter().flatten().copied().collect();
    let all: Vec<usize> = first
        .iter()
        .chain(others.difference(&first))
        .copied()
        .collect();
    let foreseen = first.len() <= ALL_FORESEEN && all.len() <= MOST_CHECKS;
    foreseen.then_some(all)
}

/// The rules of more check digits than are foreseen one by one, as the detector works them out
/// together; nothing where it cannot.
fn together(group: &Group<'_>, forms: &[(usize, &Made)], checks: &[usize]) -> Option<String> {
    const TAKEN: [&str; 8] = [
        "Gs1",
        "Ident",
        "Gls",
        "Luhn",
        "SfExpress",
        "Mod7",
        "Fedex12",
        "DhlPoland",
    ];
    let rule = |check: &usize| {
        let (_, made) = forms.iter().find(|(_, made)| made.check == *check)?;
        let rule = group.rules[made.rule].as_str();
        let name = rule.trim_start_matches("Rule::").split('(').next()?;
        TAKEN.contains(&name).then_some(rule)
    };
    let rules = checks.iter().map(rule).collect::<Option<Vec<&str>>>()?;
    let length = group.allowed.len();
    group
        .digits_only
        .then(|| format!("Together::new(&[{}], {length})", rules.join(", ")))
}

/// The number of a text in a list, at whose end it is put if it is new.
fn numbered(list: &mut Vec<String>, text: String) -> usize {
    let known = list.iter().position(|known| *known == text);
    known.unwrap_or_else(|| {
        list.push(text);
        list.len() - 1
    })
}

/// A table of texts in which lists of them stand, each list once.
#[derive(Default)]
struct Lists {
    all: Vec<String>,
    places: BTreeMap<Vec<String>, usize>,
}

impl Lists {
    /// Where a list starts.
    fn place(&mut self, list: Vec<String>) -> usize {
        if let Some(place) = self.places.get(&list) {
            return *place;
        }
        let place = self.all.len();
        self.all.extend(list.iter().cloned());
        self.places.insert(list, place);
        place
    }
}

/// A bit for each position of a form without mixed ones that takes letters.
fn letters(form: &Form) -> u64 {
    let sets = form.iter().enumerate();
    sets.filter(|(_, set)| **set & LETTERS != 0)
        .fold(0, |bits, (at, _)| bits | 1 << at)
}

/// The positions where letters and digits both may stand, of forms that all have some.
fn mixed(forms: &[(usize, &Made)]) -> String {
    let some = forms.iter().fold(0, |some, (_, made)| some | made.mixed);
    let alike = forms
        .iter()
        .fold(some, |alike, (_, made)| alike & made.mixed);
    let unlike = some & !alike;
    format!("Mixed {{ alike: {alike:#x}, unlike: {unlike:#x} }}")
}

/// The tables while they grow.
pub(super) struct Readies {
    /// The sets, each group's by themselves, with free slots among them.
    sets: Vec<String>,
    outcomes: Lists,
    /// The candidates of outcomes behind the first two.
    pairs: Lists,
    mixed: Vec<String>,
    ceilings: Vec<String>,
    many: Vec<String>,
}

impl Default for Readies {
    fn default() -> Self {
        Self {
            // For where no group is.
            sets: vec!["Set::NONE".to_owned()],
            outcomes: Lists::default(),
            pairs: Lists::default(),
            // The matcher knows the first.
            mixed: vec!["Mixed::NONE".to_owned()],
            ceilings: Vec::new(),
            many: Vec::new(),
        }
    }
}

impl Readies {
    /// Adds all sets of a group's forms that codes can fit, but those whose check digits are too
    /// many or cannot be worked out together, and those with the postal union's form, whose carrier
    /// the code itself tells. Says how the matcher finds them.
    pub(super) fn add(&mut self, group: &Group<'_>) -> String {
        let mut added = Vec::new();
        for bits in sets(group) {
            let forms: Vec<(usize, &Made)> = (0..64)
                .filter(|at| bits >> at & 1 == 1)
                .map(|at| (at, group.made[at]))
                .collect();
            let postal = forms.iter().any(|(_, made)| made.order == usize::MAX);
            let Some(checks) = checks(&forms).filter(|_| !postal) else {
                continue;
            };
            let many = checks.len() > ALL_FORESEEN;
            let together = many.then(|| together(group, &forms, &checks));
            if together == Some(None) {
                continue;
            }
            // Where the letters stand, if a form tells it; else they make all less likely alike.
            let fixed = forms.iter().find(|(_, made)| made.mixed == 0);
            let (letters, mixed) = match fixed {
                _ if group.digits_only => (0, "Mixed::NONE".to_owned()),
                Some((_, made)) => (letters(&made.form), "Mixed::NONE".to_owned()),
                None => (0, mixed(&forms)),
            };
            let outcomes: Vec<String> = foreseen(checks.len())
                .into_iter()
                .map(|right| {
                    let passes = |check: usize| {
                        let at = checks.iter().position(|known| *known == check);
                        at.is_none_or(|at| right >> at & 1 == 1)
                    };
                    let (entries, total) = ranked(&forms, letters, passes);
                    self.outcome(group, &entries, total)
                })
                .collect();
            let outcome = match &outcomes[..] {
                [outcome] => outcome.clone(),
                _ => format!("Outcome::at({})", self.outcomes.place(outcomes)),
            };
            let check = |at: usize| checks.get(at).copied().unwrap_or(0);
            let checks = match together.flatten() {
                Some(together) => [MANY, numbered(&mut self.many, together)],
                None => [check(0), check(1)],
            };
            let mixed = numbered(&mut self.mixed, mixed);
            let text = format!(
                "Set {{ forms: {bits:#x}, checks: {checks:?}, mixed: {mixed}, outcome: {outcome} }}",
            );
            added.push((bits, text));
        }
        let (seed, width) = seed(&added);
        let first = self.sets.len();
        self.sets
            .resize(first + (1 << width), "Set::NONE".to_owned());
        for (bits, text) in added {
            self.sets[first + place(seed, width, bits)] = text;
        }
        format!("sets: {first}, width: {width}, seed: {seed}")
    }

    fn outcome(&mut self, group: &Group<'_>, entries: &[Entry], total: f32) -> String {
        let list: Vec<String> = entries
            .iter()
            .map(|entry| self.ready(entry, group.made[entry.form]))
            .collect();
        let second = |pair: &[String]| pair.get(1).cloned().unwrap_or("Ready::NONE".to_owned());
        let pair = |pair: &[String]| format!("[{}, {}]", pair[0], second(pair));
        let mut pairs = list.chunks(2).map(pair);
        let first = pairs.next().unwrap_or("[Ready::NONE; 2]".to_owned());
        let others: Vec<String> = pairs.collect();
        let place = if others.is_empty() {
            0
        } else {
            self.pairs.place(others)
        };
        format!(
            "Outcome {{ total: {total:?}, count: {}, pair: {first}, others: {place} }}",
            list.len(),
        )
    }

    fn ready(&mut self, entry: &Entry, made: &Made) -> String {
        let (check, ceiling) = match entry.right {
            None => ("None", made.ceiling),
            Some(true) => ("Verified", made.ceiling_checked),
            Some(false) => ("Failed", made.ceiling.min(failed::CEILING)),
        };
        let ceiling = numbered(&mut self.ceilings, format!("{ceiling:?}"));
        format!(
            "ready({}, {}, {:?}, {ceiling}, Verdict::{check}, {})",
            entry.carrier,
            made.format,
            entry.weight,
            if entry.narrow { "NARROW" } else { "0" },
        )
    }

    pub(super) fn write(&self, out: &mut String) {
        table(out, "SETS", "Set", &self.sets);
        masked(
            out,
            "OUTCOMES",
            "Outcome",
            self.outcomes.all.clone(),
            "Outcome::NONE",
        );
        table(out, "READY", "Pair", &self.pairs.all);
        masked(
            out,
            "MANY",
            "Together",
            self.many.clone(),
            "Together::new(&[], 1)",
        );
        masked(out, "CEILINGS", "f32", self.ceilings.clone(), "0.0");
        masked(out, "MIXED", "Mixed", self.mixed.clone(), "Mixed::NONE");
    }
}

/// A seed by which each set has a slot of its own, and how many slots there are, as a power of two.
fn seed(sets: &[(u64, String)]) -> (u64, u32) {
    let apart = |seed: u64, width: u32| {
        let mut places = BTreeSet::new();
        sets.iter()
            .all(|(forms, _)| places.insert(place(seed, width, *forms)))
    };
    let least = sets.len().next_power_of_two().ilog2();
    (least..=16)
        .find_map(|width| {
            let mut seeds = 0..=u64::from(u16::MAX);
            let seed = seeds.find(|&seed| apart(seed, width))?;
            Some((seed, width))
        })
        .expect("a seed that keeps the sets apart")
}

/// The slot of a set, as the matcher finds it.
fn place(seed: u64, width: u32, forms: u64) -> usize {
    let salt = seed.wrapping_mul(0xc2b2_ae3d_27d4_eb4f);
    let hash = (forms ^ salt).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (hash >> 1 >> (63 - width)) as usize
}

/// The sets of a group's forms that codes can fit.
fn sets(group: &Group<'_>) -> BTreeSet<u64> {
    let mut sets = BTreeSet::from([group.bits(|_| true)]);
    for (place, allowed) in group.allowed.iter().enumerate() {
        let rows: BTreeSet<u64> = (0..ALPHABET)
            .filter(|symbol| allowed >> symbol & 1 == 1)
            .map(|symbol| group.bits(|made| made.form[place] >> symbol & 1 == 1))
            .collect();
        sets = sets
            .iter()
            .flat_map(|set| rows.iter().map(move |row| set & row))
            .collect();
    }
    sets.remove(&0);
    sets
}

/// A carrier with what its forms come to.
#[derive(Clone)]
struct Entry {
    carrier: usize,
    form: usize,
    weight: f32,
    best: f32,
    /// `None` without a check digit, else whether it is right.
    right: Option<bool>,
    narrow: bool,
}

impl Entry {
    fn join(&mut self, new: &Self) {
        self.weight += new.weight;
        self.narrow |= new.narrow;
        if new.best > self.best {
            (self.best, self.form, self.right) = (new.best, new.form, new.right);
        }
    }
}

/// What the scoring answers for these forms without hints, if letters stand there, and what they
/// weigh together.
fn ranked(
    forms: &[(usize, &Made)],
    letters: u64,
    passes: impl Fn(usize) -> bool,
) -> (Vec<Entry>, f32) {
    let mut entries: Vec<Entry> = Vec::new();
    let mut total = 0.0;
    for &(form, made) in forms {
        let mixed = (letters & made.mixed).count_ones();
        let plain = made.weight / 4.0_f32.powi(mixed as i32);
        let (weight, right) = match made.check {
            0 => (plain, None),
            rule if passes(rule) => (plain * made.gain, Some(true)),
            _ => (plain * failed::WEIGHT, Some(false)),
        };
        total += weight;
        let new = Entry {
            carrier: made.order,
            form,
            weight,
            best: weight,
            right,
            narrow: made.narrow,
        };
        match entries.last_mut().filter(|last| last.carrier == made.order) {
            Some(last) => last.join(&new),
            None => entries.push(new),
        }
    }
    entries.sort_by(|left, right| right.weight.total_cmp(&left.weight));
    entries.truncate(MOST_CANDIDATES);
    (entries, total)
}
