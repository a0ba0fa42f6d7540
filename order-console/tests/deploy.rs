//! The files of `deploy/` fit the program: every figure they name is one that is served.

#![expect(clippy::unwrap_used, reason = "a failed step is the outcome of a test")]

mod support;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use support::World;

fn deploy(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../deploy")
        .join(name)
}

/// Words in a text that begin as our figures do.
fn figures(text: &str) -> BTreeSet<String> {
    let is_part = |c: char| c.is_ascii_lowercase() || c == '_';
    text.split(|c: char| !is_part(c))
        .filter(|word| word.starts_with("order_console_"))
        .map(str::to_owned)
        .collect()
}

#[tokio::test]
async fn every_figure_of_rules_and_dashboard_is_served() {
    let world = World::local().await;
    world.fill().await;
    let served = world.page("/metrics").await;
    let served: BTreeSet<String> = served
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE "))
        .filter_map(|line| line.split(' ').next())
        .map(str::to_owned)
        .collect();
    for name in ["alerts.rules.yaml", "grafana-dashboard.json"] {
        let text = std::fs::read_to_string(deploy(name)).unwrap();
        let named = figures(&text);
        assert!(named.len() > 4, "{name}: {named:?}");
        let missing: Vec<_> = named.difference(&served).collect();
        assert!(
            missing.is_empty(),
            "{name} names {missing:?}, which is not served"
        );
    }
}

#[test]
fn what_is_structured_can_be_read() {
    let dashboard = std::fs::read(deploy("grafana-dashboard.json")).unwrap();
    let dashboard: serde_json::Value = serde_json::from_slice(&dashboard).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    let ids: BTreeSet<i64> = panels.iter().map(|p| p["id"].as_i64().unwrap()).collect();
    assert_eq!(ids.len(), panels.len());
    let read = |name: &str| -> serde_json::Value {
        let text = std::fs::read_to_string(deploy(name)).unwrap();
        serde_yaml_ng::from_str(&text).unwrap()
    };
    let rules = read("alerts.rules.yaml");
    for rule in rules["groups"][0]["rules"].as_array().unwrap() {
        assert!(
            rule["expr"].is_string() && rule["annotations"]["summary"].is_string(),
            "{rule}"
        );
    }
    let compose = read("compose.yaml");
    assert!(compose["services"]["worker-1"]["command"].is_array());
    assert_eq!(compose["services"]["worker-2"]["<<"]["read_only"], true);
}

/// The unit is one that systemd understands, and closes what it can. Only where systemd is.
#[test]
fn the_unit_is_verified_by_systemd() {
    let text = std::fs::read_to_string(deploy("order-sync.service")).unwrap();
    for line in [
        "ProtectSystem=strict",
        "NoNewPrivileges=yes",
        "DynamicUser=yes",
    ] {
        assert!(text.contains(line), "{line}");
    }
    let place = tempfile::tempdir().unwrap();
    let unit = place.path().join("order-sync.service");
    // The program itself is not installed here.
    std::fs::write(
        &unit,
        text.replace("/usr/local/bin/order-sync", "/bin/true"),
    )
    .unwrap();
    let verified = std::process::Command::new("systemd-analyze")
        .args(["verify", "--man=no"])
        .arg(&unit)
        .output();
    let Ok(verified) = verified else {
        assert!(
            std::env::var_os("CI_REQUIRE_ALL").is_none(),
            "systemd-analyze is not installed"
        );
        eprintln!("left out: systemd-analyze is not installed, the unit was not verified");
        return;
    };
    let said = String::from_utf8_lossy(&verified.stderr).into_owned();
    let about_us: Vec<&str> = said
        .lines()
        .filter(|l| l.contains("order-sync.service"))
        .collect();
    assert!(verified.status.success() && about_us.is_empty(), "{said}");
}
