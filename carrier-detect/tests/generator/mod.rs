#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    clippy::too_many_lines,
    reason = "a test tool: it stops at the first mistake in the data"
)]

//! Turns `data/*.tsv` into the text of `src/tables.rs`.
//!
//! Depends on nothing, so that it can be compiled alone when the tables are broken:
//! `rustc --edition 2024 --test tests/generated.rs`.

mod matcher;
mod ready;
mod starts;

use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Characters of a code: the digits, then the capitals.
pub(crate) const ALPHABET: usize = 36;
/// Longest code that has tables.
pub(crate) const LONGEST: usize = 40;
/// What a known suffix and the postal union's form are worth, as a power of ten: a third of all
/// pairs of letters is a country, and the form itself is rare elsewhere.
const SUFFIX_EVIDENCE: f64 = 1.0;
const DIGITS: u64 = (1 << 10) - 1;
const LETTERS: u64 = ((1 << ALPHABET) - 1) & !DIGITS;
/// Nought and nothing else.
const NOUGHT: u64 = 1;

/// One tab-separated file: the header names the columns, `#` starts a comment line.
pub(crate) struct Tsv {
    columns: Vec<String>,
    rows: Vec<Vec<String>>,
}

/// One row of a [`Tsv`].
pub(crate) struct Row<'a> {
    tsv: &'a Tsv,
    cells: &'a [String],
}

impl Tsv {
    pub(crate) fn parse(name: &str, text: &str) -> Self {
        let mut lines = text
            .lines()
            .filter(|line| !line.starts_with('#') && !line.is_empty());
        let columns: Vec<String> = lines
            .next()
            .expect("a header")
            .split('\t')
            .map(str::to_owned)
            .collect();
        let rows = lines
            .map(|line| {
                let cells: Vec<String> = line
                    .split('\t')
                    .map(|cell| cell.trim().to_owned())
                    .collect();
                assert_eq!(
                    cells.len(),
                    columns.len(),
                    "{name}: columns in the row {line}"
                );
                cells
            })
            .collect();
        Self { columns, rows }
    }

    pub(crate) fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        self.rows.iter().map(|cells| Row { tsv: self, cells })
    }
}

impl<'a> Row<'a> {
    pub(crate) fn get(&self, column: &str) -> &'a str {
        let at = self.tsv.columns.iter().position(|name| name == column);
        &self.cells[at.unwrap_or_else(|| panic!("no column {column}"))]
    }

    pub(crate) fn list(&self, column: &str) -> Vec<&'a str> {
        self.get(column).split_whitespace().collect()
    }
}

/// The data files as text.
pub(crate) struct Data {
    pub(crate) carriers: Tsv,
    pub(crate) formats: Tsv,
    pub(crate) s10: Tsv,
    pub(crate) words: Tsv,
    pub(crate) printed: Tsv,
}

impl Data {
    pub(crate) fn embedded() -> Self {
        Self {
            carriers: Tsv::parse("carriers", include_str!("../../data/carriers.tsv")),
            formats: Tsv::parse("formats", include_str!("../../data/formats.tsv")),
            s10: Tsv::parse("s10", include_str!("../../data/s10_operators.tsv")),
            words: Tsv::parse("words", include_str!("../../data/marketplace_words.tsv")),
            printed: Tsv::parse("printed", include_str!("../../data/printed.tsv")),
        }
    }
}

/// A pattern expanded to one length: the characters allowed at each position.
pub(crate) type Form = Vec<u64>;

/// Expands a pattern of the small regex subset (literals, `\d`, classes, groups with `|`,
/// `?`, `{n}`, `{n,m}`) to its fixed-length forms.
pub(crate) fn expand(pattern: &str) -> Vec<Form> {
    let chars: Vec<char> = pattern.chars().collect();
    let mut at = 0;
    let mut forms = alternatives(&chars, &mut at);
    assert_eq!(at, chars.len(), "unbalanced pattern {pattern}");
    forms.sort();
    forms.dedup();
    merge(&mut forms);
    forms
}

/// Joins forms that differ in one position only, until none do; sets that mix letters and digits
/// only with their like.
fn merge(forms: &mut Vec<Form>) {
    let mut joined = true;
    while joined {
        joined = false;
        'search: for left in 0..forms.len() {
            for right in left + 1..forms.len() {
                if forms[left].len() != forms[right].len() {
                    continue;
                }
                let differs: Vec<usize> = (0..forms[left].len())
                    .filter(|&at| forms[left][at] != forms[right][at])
                    .collect();
                // A position for letters stays apart from one for digits: they weigh differently.
                let kind = |set: u64| (set & DIGITS != 0, set & LETTERS != 0);
                if let [at] = differs[..]
                    && kind(forms[left][at]) == kind(forms[right][at])
                {
                    let extra = forms.remove(right);
                    forms[left][at] |= extra[at];
                    joined = true;
                    break 'search;
                }
            }
        }
    }
}

fn alternatives(chars: &[char], at: &mut usize) -> Vec<Form> {
    let mut all = sequence(chars, at);
    while chars.get(*at) == Some(&'|') {
        *at += 1;
        all.extend(sequence(chars, at));
    }
    all
}

fn sequence(chars: &[char], at: &mut usize) -> Vec<Form> {
    let mut so_far: Vec<Form> = vec![Vec::new()];
    while let Some(&c) = chars.get(*at) {
        let item: Vec<Form> = match c {
            '|' | ')' => break,
            '(' => {
                *at += 1;
                let inner = alternatives(chars, at);
                assert_eq!(chars.get(*at), Some(&')'), "a group is not closed");
                *at += 1;
                inner
            }
            '[' => vec![vec![class(chars, at)]],
            '\\' => {
                assert_eq!(chars.get(*at + 1), Some(&'d'), "only \\d is known");
                *at += 2;
                vec![vec![DIGITS]]
            }
            literal => {
                *at += 1;
                vec![vec![1 << symbol(literal)]]
            }
        };
        let (least, most) = repeat(chars, at);
        let mut next = Vec::new();
        let mut repeated: Vec<Form> = vec![Vec::new()];
        for count in 0..=most {
            if count >= least {
                next.extend(product(&so_far, &repeated));
            }
            repeated = product(&repeated, &item);
        }
        so_far = next;
    }
    so_far
}

fn repeat(chars: &[char], at: &mut usize) -> (usize, usize) {
    match chars.get(*at) {
        Some('?') => {
            *at += 1;
            (0, 1)
        }
        Some('{') => {
            let end = *at
                + chars[*at..]
                    .iter()
                    .position(|&c| c == '}')
                    .expect("closing }");
            let text: String = chars[*at + 1..end].iter().collect();
            *at = end + 1;
            let (least, most) = text.split_once(',').unwrap_or((&text, &text));
            (
                least.parse().expect("a count"),
                most.parse().expect("a count"),
            )
        }
        _ => (1, 1),
    }
}

fn class(chars: &[char], at: &mut usize) -> u64 {
    *at += 1;
    let mut set = 0;
    while chars[*at] != ']' {
        let first = chars[*at];
        assert_ne!(first, '\\', "no escapes inside a class");
        if chars[*at + 1] == '-' {
            let last = chars[*at + 2];
            for value in symbol(first)..=symbol(last) {
                set |= 1 << value;
            }
            *at += 3;
        } else {
            set |= 1 << symbol(first);
            *at += 1;
        }
    }
    *at += 1;
    set
}

fn product(left: &[Form], right: &[Form]) -> Vec<Form> {
    let mut all = Vec::with_capacity(left.len() * right.len());
    for a in left {
        for b in right {
            let mut form = a.clone();
            form.extend(b);
            all.push(form);
        }
    }
    all
}

fn symbol(c: char) -> usize {
    match c {
        '0'..='9' => c as usize - '0' as usize,
        'A'..='Z' => c as usize - 'A' as usize + 10,
        other => panic!("{other} cannot stand in a pattern"),
    }
}

/// The Rust expression of a check rule, and one over the odds that a random code passes it.
fn check_rule(text: &str) -> (String, f64) {
    let (name, number) = text.split_once(':').unwrap_or((text, "0"));
    let (variant, modulus) = match name {
        "none" => ("Rule::None", 1.0),
        "gs1" => ("Rule::Gs1(N)", 10.0),
        "s10" => ("Rule::S10", 10.5),
        "ups" => ("Rule::Ups", 10.0),
        "ups-waybill" => ("Rule::UpsWaybill", 10.0),
        "iso7064" => ("Rule::Iso7064", 36.0),
        "fedex12" => ("Rule::Fedex12", 10.5),
        "fedex34" => ("Rule::Fedex34", 10.5),
        "fedex-astra" => ("Rule::FedexAstra", 10.5),
        "mod7" => ("Rule::Mod7(0)", 7.0),
        "tail7" => ("Rule::Mod7(N)", 7.0),
        "gls" => ("Rule::Gls", 10.0),
        "ident" => ("Rule::Ident", 10.0),
        "usps20" => ("Rule::Usps20", 5.3),
        "smartpost" => ("Rule::SmartPost", 10.0),
        "ontrac" => ("Rule::Ontrac", 10.0),
        "luhn" => ("Rule::Luhn", 10.0),
        "mod11" => ("Rule::Mod11", 10.5),
        "evri" => ("Rule::Evri", 10.0),
        "correos" => ("Rule::Correos", 23.0),
        "tnt" => ("Rule::Tnt", 5.3),
        "sf" => ("Rule::SfExpress", 10.0),
        "parcelforce" => ("Rule::Parcelforce", 10.5),
        "magyar-posta" => ("Rule::MagyarPosta", 10.0),
        "seur" => ("Rule::Seur", 10.0),
        "dhl-pl" => ("Rule::DhlPoland", 10.0),
        other => panic!("unknown check rule {other}"),
    };
    let number: u8 = number
        .parse()
        .unwrap_or_else(|_| panic!("a number in {text}"));
    (variant.replace("(N)", &format!("({number})")), modulus)
}

/// How surprising a form is beside any code of the same shape (letters and digits alike placed),
/// as a power of ten; and the weight that its free positions cost.
///
/// Numbers of every kind are filled up with noughts, so a nought behind a nought, or behind a letter
/// that may be any, surprises little.
fn evidence(form: &Form) -> (f64, f64, u64) {
    let mut tens = 0.0;
    let mut free = 1.0;
    let mut mixed = 0_u64;
    for (at, &set) in form.iter().enumerate() {
        let digits = f64::from((set & DIGITS).count_ones());
        let letters = f64::from((set & LETTERS).count_ones());
        if digits > 0.0 && letters > 0.0 {
            // A digit is four times as likely as a letter where both may stand.
            free *= 0.8 * 10.0 / digits;
            mixed |= 1 << at;
        } else if set == NOUGHT && at > 0 && (form[at - 1] == NOUGHT || form[at - 1] == LETTERS) {
            tens += 0.35;
        } else if digits > 0.0 {
            tens += (10.0 / digits).log10();
        } else {
            tens += (26.0 / letters).log10();
        }
    }
    (tens, free, mixed)
}

/// The highest confidence a form may reach by itself: being the only match is no evidence.
///
/// Order numbers, times and what else is no code have up to fourteen digits as a rule: three that
/// are given do not tell a code from them.
fn ceiling(tens: f64, digits_only: Option<usize>, checked: bool, grade: &str) -> f64 {
    let shape: f64 = if let Some(length) = digits_only {
        match tens {
            t if t < 0.05 => 0.45,
            t if t < 0.65 => 0.48,
            t if t < 0.8 => 0.6,
            t if t < 1.6 => 0.78,
            t if t < 2.9 && !checked => 0.78,
            t if t < 2.9 => 0.95,
            t if t < 3.6 && !checked && length < 15 => 0.78,
            _ => 0.99,
        }
    } else {
        match tens {
            t if t < 0.5 => 0.45,
            t if t < 1.2 => 0.6,
            t if t < 1.4 => 0.78,
            t if t < 2.7 => 0.92,
            _ => 0.99,
        }
    };
    let known: f64 = match grade {
        "S" => 0.99,
        "C" => 0.97,
        "X" => 0.95,
        "G" => 0.6,
        other => panic!("evidence {other}"),
    };
    shape.min(known)
}

fn countries(list: &[&str]) -> String {
    let items: Vec<String> = list
        .iter()
        .map(|code| {
            assert!(
                code.len() == 2 && code.bytes().all(|b| b.is_ascii_uppercase()),
                "{code}"
            );
            format!("Country(*b\"{code}\")")
        })
        .collect();
    format!("&[{}]", items.join(", "))
}

/// The whole of `src/tables.rs`.
pub(crate) fn tables(data: &Data) -> String {
    let mut out = String::from(
        "// Generated from data/*.tsv: UPDATE=1 cargo test -p carrier-detect --test generated\n\n\
         use crate::carrier::CarrierRow;\nuse crate::checksum::Rule;\n\
         use crate::country::Country;\nuse crate::detection::{Check as Verdict, NARROW};\nuse crate::format::{Column, Evidence, Form, Format, Four, Group, Mixed, Outcome, Pair, Ready, Set, ready};\n\
         use crate::near::Start;\nuse crate::together::Together;\nuse crate::weighted::Check;\nuse crate::words::{Direction, Marketplace, Word};\nuse crate::{Carrier, Missing};\n\n",
    );
    let slugs = carriers(data, &mut out);
    hosts(data, &slugs, &mut out);
    aliases(data, &slugs, &mut out);
    operators(data, &slugs, &mut out);
    printed(data, &slugs, &mut out);
    formats(data, &slugs, &mut out);
    starts::write(data, &slugs, &mut out);
    words(data, &slugs, &mut out);
    out
}

type Slugs<'a> = BTreeMap<&'a str, usize>;

fn carrier_ref(slugs: &Slugs<'_>, slug: &str) -> String {
    let at = slugs
        .get(slug)
        .unwrap_or_else(|| panic!("no carrier {slug} in carriers.tsv"));
    format!("Carrier({at})")
}

fn carriers<'a>(data: &'a Data, out: &mut String) -> Slugs<'a> {
    let mut rows: BTreeMap<&str, Row<'a>> = BTreeMap::new();
    for row in data.carriers.rows() {
        let slug = row.get("slug");
        assert!(
            rows.insert(slug, row).is_none(),
            "carrier {slug} stands twice"
        );
    }
    writeln!(
        out,
        "pub(crate) static CARRIERS: [CarrierRow; {}] = [",
        rows.len()
    )
    .unwrap();
    for row in rows.values() {
        let needs: Vec<&str> = row
            .list("url_needs")
            .into_iter()
            .map(|need| match need {
                "postcode" => "Missing::Postcode",
                "country" => "Missing::Country",
                "phone" => "Missing::Phone",
                other => panic!("url_needs {other}"),
            })
            .collect();
        writeln!(
            out,
            "    CarrierRow {{ slug: {:?}, name: {:?}, countries: {}, url: {:?}, url_seen: {}, needs: &[{}] }},",
            row.get("slug"),
            row.get("name"),
            countries(&row.list("countries")),
            row.get("url"),
            row.get("url_status") == "seen",
            needs.join(", "),
        )
        .unwrap();
    }
    out.push_str(
        "];\n\n/// Every carrier by name.\npub mod carriers {\n    use crate::Carrier;\n\n",
    );
    for (at, row) in rows.values().enumerate() {
        let slug = row.get("slug");
        let start = if slug.starts_with(|c: char| c.is_ascii_digit()) {
            "N"
        } else {
            ""
        };
        let constant = slug.to_uppercase().replace('-', "_");
        writeln!(
            out,
            "    /// {}.\n    pub const {start}{constant}: Carrier = Carrier({at});",
            row.get("name")
        )
        .unwrap();
    }
    out.push_str("}\n\n");
    rows.keys()
        .enumerate()
        .map(|(at, slug)| (*slug, at))
        .collect()
}

/// The carrier, the mark between the groups of digits, and their lengths.
fn printed(data: &Data, slugs: &Slugs<'_>, out: &mut String) {
    let rows = data.printed.rows().map(|row| {
        let text = row.get("printed");
        let mark = text.trim_matches('9').chars().next();
        let mark = mark.unwrap_or_else(|| panic!("{text} is in one piece"));
        let lengths: Vec<usize> = text.split(mark).map(str::len).collect();
        assert!(
            text.split(mark)
                .all(|group| group.bytes().all(|b| b == b'9'))
        );
        assert!(!row.get("source").is_empty(), "{text} has no source");
        format!(
            "({}, b{mark:?}, &{lengths:?})",
            carrier_ref(slugs, row.get("carrier"))
        )
    });
    let rows: Vec<String> = rows.collect();
    writeln!(
        out,
        "pub(crate) static PRINTED: [(Carrier, u8, &[u8]); {}] = [{}];\n",
        rows.len(),
        rows.join(", ")
    )
    .unwrap();
}

fn hosts(data: &Data, slugs: &Slugs<'_>, out: &mut String) {
    let mut all: BTreeMap<&str, &str> = BTreeMap::new();
    for row in data.carriers.rows() {
        for host in row.list("hosts") {
            let before = all.insert(host, row.get("slug"));
            assert!(before.is_none(), "host {host} stands twice");
        }
    }
    writeln!(
        out,
        "pub(crate) static HOSTS: [(&str, Carrier); {}] = [",
        all.len()
    )
    .unwrap();
    for (host, slug) in all {
        writeln!(out, "    ({host:?}, {}),", carrier_ref(slugs, slug)).unwrap();
    }
    out.push_str("];\n\n");
}

/// Every name of a carrier: slug, name and further ones; the first to claim a name keeps it.
fn aliases(data: &Data, slugs: &Slugs<'_>, out: &mut String) {
    let mut all: BTreeMap<String, &str> = BTreeMap::new();
    for row in data.carriers.rows() {
        let more = row.get("aliases").split(';');
        for name in [row.get("slug"), row.get("name")].into_iter().chain(more) {
            let plain: String = name
                .chars()
                .filter(char::is_ascii_alphanumeric)
                .map(|c| c.to_ascii_lowercase())
                .collect();
            if plain.is_empty() {
                continue;
            }
            let before = all.insert(plain, row.get("slug"));
            assert!(
                before.is_none_or(|other| other == row.get("slug")),
                "{name} names two"
            );
        }
    }
    writeln!(
        out,
        "pub(crate) static ALIASES: [(&str, Carrier); {}] = [",
        all.len()
    )
    .unwrap();
    for (name, slug) in all {
        writeln!(out, "    ({name:?}, {}),", carrier_ref(slugs, slug)).unwrap();
    }
    out.push_str("];\n\n");
}

/// The operators of a postal code's suffix: a table by its two letters into a list of lists.
fn operators(data: &Data, slugs: &Slugs<'_>, out: &mut String) {
    let mut lists = vec![String::from("&[]")];
    let mut table = [0_usize; 26 * 26];
    for row in data.s10.rows() {
        let suffix = row.get("suffix").as_bytes();
        let slot = &mut table[usize::from(suffix[0] - b'A') * 26 + usize::from(suffix[1] - b'A')];
        assert_eq!(*slot, 0, "S10 {} stands twice", row.get("suffix"));
        let operators: Vec<String> = row
            .get("operators")
            .split('|')
            .filter(|slug| *slug != "-")
            .map(|slug| carrier_ref(slugs, slug))
            .collect();
        let list = format!("&[{}]", operators.join(", "));
        *slot = lists
            .iter()
            .position(|known| *known == list)
            .unwrap_or_else(|| {
                lists.push(list);
                lists.len() - 1
            });
    }
    writeln!(
        out,
        "pub(crate) static OPERATORS: [&[Carrier]; {}] = [",
        lists.len()
    )
    .unwrap();
    for list in lists {
        writeln!(out, "    {list},").unwrap();
    }
    writeln!(out, "];\n\npub(crate) static SUFFIXES: [u8; 676] = [").unwrap();
    for line in table.chunks(26) {
        let line: Vec<String> = line.iter().map(usize::to_string).collect();
        writeln!(out, "    {},", line.join(", ")).unwrap();
    }
    out.push_str("];\n\n");
}

fn formats(data: &Data, slugs: &Slugs<'_>, out: &mut String) {
    let mut all: Vec<Made> = Vec::new();
    // Rules with the lengths they are met at, those of one length side by side.
    let mut checks: BTreeMap<(usize, usize), usize> = BTreeMap::new();
    let mut rules: Vec<String> = vec!["Rule::None".to_owned()];
    let mut seen = BTreeMap::new();
    let count = data.formats.rows().count();
    writeln!(out, "pub(crate) static FORMATS: [Format; {count}] = [").unwrap();
    for (number, row) in data.formats.rows().enumerate() {
        let id = row.get("id");
        assert!(seen.insert(id, ()).is_none(), "format {id} stands twice");
        let (rule, modulus) = check_rule(row.get("check"));
        let rule_at = rules
            .iter()
            .position(|known| *known == rule)
            .unwrap_or_else(|| {
                rules.push(rule);
                rules.len() - 1
            });
        let carriers: Vec<&str> = row.get("carrier").split('|').collect();
        let also: Vec<String> = row
            .list("also")
            .iter()
            .map(|slug| carrier_ref(slugs, slug))
            .collect();
        let carrier = match carriers[0] {
            "S10" => "None".to_owned(),
            slug => format!("Some({})", carrier_ref(slugs, slug)),
        };
        let postcode = match row.get("postcode") {
            "" => "None".to_owned(),
            text => {
                let (from, length) = text.split_once('+').expect("from+length");
                format!("Some(({from}, {length}))")
            }
        };
        writeln!(
            out,
            "    Format {{ id: {id:?}, carrier: {carrier}, also: &[{}], service: {:?}, pattern: {:?}, rule: {rule_at}, countries: {}, evidence: Evidence::{}, sscc: {}, postcode: {postcode}, source: {:?}, note: {:?} }},",
            also.join(", "),
            row.get("service"),
            row.get("pattern"),
            countries(&row.list("countries")),
            match row.get("evidence") {
                "S" => "Specified",
                "C" => "OpenCode",
                "X" => "Samples",
                "G" => "Guess",
                other => panic!("{id}: evidence {other}"),
            },
            row.get("service").contains("SSCC") && row.get("evidence") != "G",
            row.get("source"),
            row.get("note"),
        )
        .unwrap();
        let prior: f64 = row
            .get("prior")
            .parse()
            .unwrap_or_else(|_| panic!("{id}: prior"));
        let forms = expand(row.get("pattern"));
        let common = prior / forms.len() as f64;
        for form in forms {
            assert!(
                form.len() <= LONGEST && form.len() >= 5,
                "{id}: length {}",
                form.len()
            );
            let (mut tens, free, mixed) = evidence(&form);
            if carriers[0] == "S10" {
                // Only the suffixes of the list are taken, and few other codes have the form.
                tens += SUFFIX_EVIDENCE;
            }
            let digits_only = form
                .iter()
                .all(|set| set & LETTERS == 0)
                .then_some(form.len());
            let plain = ceiling(tens, digits_only, false, row.get("evidence"));
            let passed = ceiling(
                tens + modulus.log10(),
                digits_only,
                modulus > 1.0,
                row.get("evidence"),
            );
            let weight = prior * 10_f64.powf(tens) * free;
            // Sorted by carrier, the postal union's last: forms of one carrier come together.
            let order = slugs.get(carriers[0]).copied().unwrap_or(usize::MAX);
            if rule_at > 0 {
                checks.insert((form.len(), rule_at), 0);
            }
            all.push(Made {
                order,
                format: number,
                common,
                rule: rule_at,
                check: 0,
                weight: rounded(format!("{weight:.3e}")),
                gain: rounded(format!("{modulus:.1}")),
                mixed,
                narrow: tens > 0.25,
                ceiling: rounded(format!("{plain:.2}")),
                ceiling_checked: rounded(format!("{passed:.2}")),
                form,
            });
        }
    }
    // Of each length by themselves, one carrier's forms side by side.
    all.sort_by_key(|made| (made.form.len(), made.order));
    let mut by_length: Vec<Vec<usize>> = vec![Vec::new(); LONGEST + 1];
    for (at, made) in all.iter().enumerate() {
        by_length[made.form.len()].push(at);
    }
    out.push_str("];\n\n");
    writeln!(
        out,
        "pub(crate) static RULES: [Rule; {}] = [{}];\n",
        rules.len(),
        rules.join(", ")
    )
    .unwrap();
    for (at, number) in checks.values_mut().enumerate() {
        *number = at + 1;
    }
    assert!(checks.len() < 256, "a check's number is a byte");
    for made in &mut all {
        made.check = checks
            .get(&(made.form.len(), made.rule))
            .copied()
            .unwrap_or(0);
    }
    let none = "Check::new(Rule::None, 1)".to_owned();
    let of = |&(length, rule): &(usize, usize)| format!("Check::new({}, {length})", rules[rule]);
    let list = std::iter::once(none.clone()).chain(checks.keys().map(of));
    matcher::masked(out, "CHECKS", "Check", list.collect(), &none);
    matcher::write(&all, &by_length, &rules, out);
}

/// A number as the tables have it.
fn rounded(text: String) -> f32 {
    text.parse().expect("a number")
}

/// A form as it goes into the tables.
#[derive(Clone)]
struct Made {
    /// The carrier's number; the greatest for the postal union's form.
    order: usize,
    form: Form,
    format: usize,
    /// How common it is: its share of the format's prior.
    common: f64,
    rule: usize,
    /// The rule at the form's length; nought for none.
    check: usize,
    weight: f32,
    gain: f32,
    mixed: u64,
    narrow: bool,
    ceiling: f32,
    ceiling_checked: f32,
}

impl Made {
    fn text(&self) -> String {
        let owner = if self.order == usize::MAX {
            "u16::MAX".to_owned()
        } else {
            self.order.to_string()
        };
        format!(
            "Form {{ format: {}, carrier: {owner}, check: {}, weight: {:.3e}, gain: {:.1}, mixed: {:#x}, narrow: {}, ceiling: {:.2}, ceiling_checked: {:.2} }}",
            self.format,
            self.check,
            self.weight,
            self.gain,
            self.mixed,
            self.narrow,
            self.ceiling,
            self.ceiling_checked,
        )
    }
}

fn words(data: &Data, slugs: &Slugs<'_>, out: &mut String) {
    let count = data.words.rows().count();
    writeln!(out, "pub(crate) static WORDS: [Word; {count}] = [").unwrap();
    for row in data.words.rows() {
        let carrier = match row.get("carrier") {
            "*" => "None".to_owned(),
            slug => format!("Some({})", carrier_ref(slugs, slug)),
        };
        let direction = match row.get("use") {
            "both" => "Both",
            "in" => "In",
            "choice" => "Choice",
            "fallback" => "Fallback",
            other => panic!("use {other}"),
        };
        let mut market = row.get("marketplace").to_owned();
        market[..1].make_ascii_uppercase();
        writeln!(
            out,
            "    Word {{ marketplace: Marketplace::{market}, text: {:?}, carrier: {carrier}, countries: {}, direction: Direction::{direction} }},",
            row.get("word"),
            countries(&row.list("countries")),
        )
        .unwrap();
    }
    out.push_str("];\n");
}
