//! The README's table is made from the data.

#[expect(
    dead_code,
    reason = "only the reading half of the generator is needed here"
)]
mod generator;

use std::collections::BTreeMap;
use std::path::Path;

use carrier_detect::Carrier;
use generator::Data;

const START: &str = "<!-- table: UPDATE=1 cargo test -p carrier-detect --test readme -->\n";
const END: &str = "<!-- end of table -->\n";

fn table() -> String {
    let data = Data::embedded();
    let mut rows: BTreeMap<String, (Vec<String>, Vec<String>, String)> = BTreeMap::new();
    let mut count = 0;
    for row in data.formats.rows() {
        count += 1;
        let name = Carrier::from_slug(row.get("carrier")).map_or_else(
            || "Postal operators (S10)".to_owned(),
            |one| one.name().to_owned(),
        );
        let entry = rows.entry(name).or_default();
        entry
            .0
            .push(format!("`{}`", row.get("pattern").replace('|', "¦")));
        if row.get("check") != "none" && !entry.1.contains(&row.get("check").to_owned()) {
            entry.1.push(row.get("check").to_owned());
        }
        if !entry.2.contains(row.get("evidence")) {
            entry.2.push_str(row.get("evidence"));
        }
    }
    let operators = data.s10.rows().count();
    let mut out = format!(
        "{count} formats of {} carriers, and the operators of {operators} postal suffixes.\n\
         Evidence: S written specification or check digit rule with test numbers, C open code, X public samples, G guess.\n\n\
         | carrier | patterns (`¦` stands for the vertical bar) | check digits | evidence |\n|---|---|---|---|\n",
        rows.len() - 1
    );
    for (name, (patterns, checks, evidence)) in rows {
        let (patterns, checks) = (patterns.join(" "), checks.join(", "));
        out.push_str(&format!(
            "| {name} | {patterns} | {checks} | {evidence} |\n"
        ));
    }
    out
}

#[test]
fn the_readme_lists_what_the_data_holds() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let text = std::fs::read_to_string(&path).expect("README.md");
    let (before, rest) = text.split_once(START).expect("the start of the table");
    let (_, after) = rest.split_once(END).expect("the end of the table");
    let fresh = format!("{before}{START}\n{}\n{END}{after}", table());
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &fresh).expect("README.md is writable");
    } else {
        assert!(
            text == fresh,
            "UPDATE=1 cargo test -p carrier-detect --test readme"
        );
    }
}
