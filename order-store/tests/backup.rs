//! Copies of a SQLite file.

#![cfg(feature = "sqlite")]
#![expect(clippy::unwrap_used, reason = "a failed step is the outcome of a test")]

use chrono::DateTime;
use order_core::error::Kind;
use order_core::ids::OrderKey;
use order_core::ports::{Change, OrderStore as _};
use order_core::state::Order;
use order_store::SqliteStore;

async fn put(store: &SqliteStore, id: &str) {
    let change = Change {
        order: Order::new(OrderKey::new("c", id), DateTime::UNIX_EPOCH),
        next_due: None,
        content_changed: false,
        notes: Vec::new(),
        effects: Vec::new(),
        at: DateTime::UNIX_EPOCH,
    };
    store.amend(change).await.unwrap();
}

#[tokio::test]
async fn a_backup_has_what_was_there_at_that_moment_and_is_checked() {
    let place = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(place.path().join("a.sqlite")).unwrap();
    put(&store, "A").await;
    let copy = place.path().join("copy.sqlite");
    store.backup(&copy).await.unwrap();
    put(&store, "B").await;
    assert_eq!(SqliteStore::verify(&copy).unwrap(), 1);
    assert_eq!(SqliteStore::verify(store.path()).unwrap(), 2);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(&copy).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "others can read it: {mode:o}");
    }
    let twice = store.backup(&copy).await.unwrap_err();
    assert_eq!(twice.kind(), Kind::Config);
    assert_eq!(SqliteStore::verify(&copy).unwrap(), 1, "it is as it was");
    let opened = SqliteStore::open(&copy).unwrap();
    assert!(
        opened
            .load(OrderKey::new("c", "A"))
            .await
            .unwrap()
            .is_some()
    );
}

#[tokio::test]
async fn who_works_with_a_file_is_told_without_touching_it() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("a.sqlite");
    let store = SqliteStore::open(&path).unwrap();
    let now = DateTime::UNIX_EPOCH + chrono::TimeDelta::days(20_000);
    store.register("c".into(), now).await.unwrap();
    assert_eq!(SqliteStore::holder(&path, now), None);
    let claim = order_core::ports::Claim {
        owner: "worker-1".to_owned(),
        now,
        lease_for: std::time::Duration::from_secs(60),
        connections: [].into(),
        early: true,
    };
    store.claim(claim).await.unwrap().unwrap();
    let (id, owner, until) = SqliteStore::holder(&path, now).unwrap();
    assert_eq!((id.as_str(), owner.as_str()), ("c", "worker-1"));
    assert_eq!(SqliteStore::holder(&path, until), None, "it is over");
    let text = place.path().join("text");
    std::fs::write(&text, "a disk went bad").unwrap();
    assert_eq!(SqliteStore::holder(&text, now), None);
    assert_eq!(std::fs::read_to_string(&text).unwrap(), "a disk went bad");
}

#[tokio::test]
async fn what_is_damaged_or_something_else_is_no_backup() {
    let place = tempfile::tempdir().unwrap();
    let text = place.path().join("text");
    std::fs::write(&text, "this is no database, and long enough to look at").unwrap();
    assert_eq!(SqliteStore::verify(&text).unwrap_err().kind(), Kind::Config);
    let missing = place.path().join("missing");
    assert!(SqliteStore::verify(&missing).is_err());
    assert!(!missing.exists(), "looking makes no file");

    let store = SqliteStore::open(place.path().join("a.sqlite")).unwrap();
    for number in 0..200 {
        put(&store, &format!("A-{number}")).await;
    }
    let copy = place.path().join("copy.sqlite");
    store.backup(&copy).await.unwrap();
    let mut bytes = std::fs::read(&copy).unwrap();
    let half = bytes.len() / 2;
    for byte in bytes.iter_mut().skip(half).take(8192) {
        *byte = 0x5a;
    }
    std::fs::write(&copy, bytes).unwrap();
    let damaged = SqliteStore::verify(&copy).unwrap_err();
    assert!(damaged.to_string().contains("damaged") || damaged.kind() == Kind::Config);
    let nowhere = place.path().join("none/copy.sqlite");
    assert!(store.backup(&nowhere).await.is_err());
}
