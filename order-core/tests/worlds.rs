//! A few dozen worlds of the campaign: enough to notice most changes of a decision, and quick
//! enough to be run for every mutant. The many are in `simulation.rs`.

use order_core::testkit::simulation;

#[test]
fn a_few_dozen_worlds_go_right() {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let campaign = simulation::campaign(0..48, threads);
    assert_eq!(campaign.total.seeds, 48);
    assert_eq!(campaign.violations, std::collections::BTreeMap::new());
}
