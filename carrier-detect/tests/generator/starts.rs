//! How the codes of a format begin, for codes that fit none.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::{ALPHABET, Data, LETTERS, Slugs, carrier_ref, expand};

/// Characters of a start.
const MOST: usize = 8;
/// A position with more choices than these begins no code in particular.
const CHOICES: u32 = 6;
/// Starts of one form.
const STARTS: usize = 24;
/// Two letters tell something where a format has no more pairs than these: where it has, they are
/// countries or counted up.
const PAIRS: usize = 6;
/// Stands behind the end of a start.
const END: usize = 255;

/// The starts of the codes of a form.
fn starts(form: &[u64]) -> Vec<Vec<usize>> {
    let mut all = vec![Vec::new()];
    for &set in form.iter().take(MOST) {
        let choices = set.count_ones();
        if choices > CHOICES || all.len() * choices as usize > STARTS {
            break;
        }
        let next = |start: &Vec<usize>| {
            let symbols = (0..ALPHABET).filter(|symbol| set >> symbol & 1 == 1);
            let longer = symbols.map(|symbol| [&start[..], &[symbol]].concat());
            longer.collect::<Vec<_>>()
        };
        all = all.iter().flat_map(next).collect();
    }
    all
}

/// Whether a start tells something: two letters, a letter among four characters, six digits.
fn tells(start: &[usize]) -> bool {
    let is_letter = |symbol: &&usize| LETTERS >> **symbol & 1 == 1;
    let letters = start.iter().filter(is_letter).count();
    letters > 1 || (letters == 1 && start.len() > 3) || start.len() > 5
}

/// Writes them, sorted; of equal ones that of the commoner format first.
pub(crate) fn write(data: &Data, slugs: &Slugs<'_>, out: &mut String) {
    let mut lengths: BTreeMap<(Vec<usize>, usize), (usize, usize)> = BTreeMap::new();
    let mut rows = Vec::new();
    for (format, row) in data.formats.rows().enumerate() {
        let forms = expand(row.get("pattern"));
        let all = forms.iter().flat_map(|form| {
            let length = form.len();
            starts(form).into_iter().map(move |start| (start, length))
        });
        let all: Vec<_> = all.filter(|(start, _)| tells(start)).collect();
        let pairs = all.iter().map(|(start, _)| start);
        let pairs: BTreeSet<_> = pairs.filter(|start| start.len() == 2).collect();
        let many = pairs.len() > PAIRS;
        // The postal union's codes begin with any two letters.
        let tells = |start: &[usize]| row.get("carrier") != "S10" && !(many && start.len() == 2);
        for (start, length) in all.into_iter().filter(|(start, _)| tells(start)) {
            let (shortest, longest) = lengths.entry((start, format)).or_insert((length, length));
            *shortest = length.min(*shortest);
            *longest = length.max(*longest);
        }
        rows.push(row);
    }
    let mut all: Vec<_> = lengths.into_iter().collect();
    let prior = |format: usize| rows[format].get("prior").parse::<f64>().unwrap_or(0.0);
    all.sort_by(|((left, a), _), ((right, b), _)| {
        let by_prior = prior(*b).total_cmp(&prior(*a));
        left.cmp(right).then(by_prior).then(a.cmp(b))
    });
    writeln!(
        out,
        "pub(crate) static BEGINNINGS: [Start; {}] = [",
        all.len()
    )
    .unwrap();
    let mut first = vec![0; ALPHABET * ALPHABET + 1];
    for ((mut start, format), (shortest, longest)) in all {
        first[start[0] * ALPHABET + start[1] + 1] += 1;
        start.resize(MOST, END);
        let start = start
            .iter()
            .fold(0, |all, symbol| all << 8 | *symbol as u64);
        let carrier = carrier_ref(slugs, rows[format].get("carrier"));
        writeln!(
            out,
            "    Start {{ symbols: {start:#018x}, format: {format}, carrier: {carrier}, shortest: {shortest}, longest: {longest} }},",
        )
        .unwrap();
    }
    out.push_str("];\n\n");
    // Where those stand that begin with a pair of symbols.
    let mut at = 0;
    for count in &mut first {
        at += *count;
        *count = at;
    }
    let length = first.len();
    writeln!(
        out,
        "pub(crate) static BEGINNINGS_AT: [u16; {length}] = {first:?};\n"
    )
    .unwrap();
}
