//! The calibration report: how often the best carrier was right, by confidence. The public
//! examples of the data are in sample; `cargo test --test accuracy -- --nocapture` prints it.

#[expect(
    dead_code,
    reason = "only the reading half of the generator is needed here"
)]
mod generator;

use carrier_detect::{Hints, detect};
use generator::Data;

/// Examples that are of another carrier as well, with the same shape and a right check digit.
const SHARED: usize = 4;

#[test]
fn confidence_is_worth_what_it_says_on_the_public_examples() {
    let (mut all, mut first, mut three) = (0_usize, 0, 0);
    let mut bins = [(0_usize, 0_usize); 10];
    let mut missed = Vec::new();
    for row in Data::embedded().formats.rows() {
        let carrier = row.get("carrier");
        let public = row
            .list("valid")
            .into_iter()
            .filter(|code| !code.starts_with('~'));
        for code in public.filter(|_| carrier != "S10") {
            all += 1;
            let found = detect(code, &Hints::none());
            let names = |slug: &str| slug == carrier || row.list("also").contains(&slug);
            let at = found
                .candidates()
                .iter()
                .position(|one| names(one.carrier().slug()));
            let confidence = found.best().map_or(0.0, |best| best.confidence());
            let bin = &mut bins[((confidence * 10.0) as usize).min(9)];
            bin.0 += 1;
            bin.1 += usize::from(at == Some(0));
            first += usize::from(at == Some(0));
            three += usize::from(at.is_some_and(|at| at < 3));
            if at != Some(0) && confidence >= 0.8 {
                missed.push(format!("{carrier} {code} {found:?}"));
            }
        }
    }
    println!("{all} public examples: {first} right first, {three} within three");
    for (at, (count, right)) in bins.iter().enumerate() {
        println!("confidence 0.{at}: {right} of {count} right");
    }
    assert!(first * 100 >= all * 93, "{first} of {all} right first");
    assert!(three * 100 >= all * 98, "{three} of {all} within three");
    assert!(missed.len() <= SHARED, "wrong at 0.8 or more: {missed:#?}");
}
