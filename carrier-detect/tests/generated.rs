//! The committed tables are what the data says.

mod generator;

use std::path::Path;

#[test]
fn the_committed_tables_match_the_data() {
    let fresh = generator::tables(&generator::Data::embedded());
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/tables.rs");
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &fresh).expect("src/tables.rs is writable");
    }
    let committed = std::fs::read_to_string(&path).expect("src/tables.rs");
    assert!(
        committed == fresh,
        "src/tables.rs is not what data/*.tsv says: UPDATE=1 cargo test -p carrier-detect --test generated"
    );
}
