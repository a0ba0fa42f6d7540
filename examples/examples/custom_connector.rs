//! A connector of one's own, whole: a webshop that keeps its orders as files in a directory.
//!
//! `cargo run -p order-sync --example custom_connector` creates an order in it;
//! `cargo test -p order-sync --example custom_connector` runs the contract suite on it.
//!
//! It is small because a directory is a good shop: `create_new` refuses a second file of the same
//! name, so the shop itself refuses doubles, and that is what the capability says. A shop over
//! HTTP differs in its calls, not in its shape: see `connector-webshop/src/woocommerce`.

#![expect(clippy::print_stdout, reason = "a small program talks to its terminal")]

use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use order_core::ids::{ExternalKey, ShopOrderId};
use order_core::money::Money;
use order_core::ports::{
    AccountInfo, CancelShopOrder, CreateOrder, CreateProgress, CreateSemantics, Cursor, FoundOrder,
    Lag, NewOrder, NoteReturn, ProductMatch, ProductQuery, ProductRef, ShopCancel, ShopChanges,
    ShopNote, ShopRead, Webshop, WebshopCapabilities,
};
use order_core::shipment::Tracking;
use order_core::shop::{ShopOrder, ShopShipment, ShopState};
use order_core::testkit::samples;
use order_core::{Error, Kind};
use serde::{Deserialize, Serialize};

/// An order as it stands in its file: the shop's own words, not the engine's.
#[derive(Debug, Serialize, Deserialize)]
struct FileOrder {
    key: ExternalKey,
    status: String,
    total: Money,
    code: Option<String>,
}

/// A directory of orders.
#[derive(Clone, Debug)]
struct DirectoryShop {
    directory: PathBuf,
    /// Article numbers the shop sells.
    articles: Vec<String>,
}

impl DirectoryShop {
    /// The file of an order. Its name is its id, and follows from the key alone.
    fn id(key: &ExternalKey) -> ShopOrderId {
        let safe = |c: char| {
            if c.is_ascii_alphanumeric() || c == '-' {
                c
            } else {
                '_'
            }
        };
        ShopOrderId::new(key.to_string().chars().map(safe).collect::<String>())
    }

    fn path(&self, id: &ShopOrderId) -> PathBuf {
        self.directory.join(id.as_str()).with_extension("json")
    }

    /// Reads a file; `None` when there is none.
    fn read(&self, id: &ShopOrderId) -> Result<Option<FileOrder>, Error> {
        match std::fs::read(self.path(id)) {
            Ok(text) => serde_json::from_slice(&text).map(Some).map_err(|error| {
                Error::not_applied(Kind::Decode, format!("order {id} is no order"))
                    .with_source(error)
            }),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(unreadable(&self.directory, error)),
        }
    }

    /// Writes a file beside the old one, then puts it in its place.
    fn write(&self, id: &ShopOrderId, order: &FileOrder) -> Result<(), Error> {
        let fail = |error: std::io::Error| {
            Error::unknown(Kind::Unavailable, "the order could not be written").with_source(error)
        };
        let text = serde_json::to_vec(order).map_err(|error| fail(error.into()))?;
        let beside = self.path(id).with_extension("new");
        std::fs::write(&beside, text).map_err(fail)?;
        std::fs::rename(&beside, self.path(id)).map_err(fail)
    }
}

fn unreadable(directory: &Path, error: std::io::Error) -> Error {
    Error::not_applied(
        Kind::Unavailable,
        format!("cannot read {}", directory.display()),
    )
    .with_source(error)
}

/// From the shop's words to ours. An unknown status moves nothing.
fn shop_order(id: &ShopOrderId, order: &FileOrder) -> ShopOrder {
    let state = match order.status.as_str() {
        "open" => ShopState::Open,
        "sent" => ShopState::Completed,
        "cancelled" => ShopState::Cancelled,
        _ => ShopState::Unknown,
    };
    let parcel = |code: &String| ShopShipment {
        id: "1".into(),
        lines: None,
        tracking: Some(Tracking::new(code.clone())),
        shipped_at: None,
    };
    ShopOrder {
        id: id.clone(),
        number: id.to_string(),
        key: Some(order.key.clone()),
        state,
        raw_state: order.status.clone(),
        total: order.total,
        cancelled: Vec::new(),
        shipments: order.code.iter().map(parcel).collect(),
        updated_at: None,
    }
}

#[async_trait]
impl Webshop for DirectoryShop {
    fn capabilities(&self) -> WebshopCapabilities {
        WebshopCapabilities::none("directory")
            .with_create(CreateSemantics::UniqueKey, Lag::NONE)
            .with_cancel()
            .with_max_ids_per_read(100)
    }

    async fn check(&self) -> Result<AccountInfo, Error> {
        std::fs::read_dir(&self.directory).map_err(|e| unreadable(&self.directory, e))?;
        Ok(AccountInfo::default())
    }

    async fn products(&self, queries: Vec<ProductQuery>) -> Result<Vec<ProductMatch>, Error> {
        let find = |query: ProductQuery| match query.sku {
            Some(sku) if self.articles.contains(&sku) => ProductMatch::Found(ProductRef {
                id: sku,
                matched_by: "sku".to_owned(),
            }),
            Some(_) | None => ProductMatch::Missing,
        };
        Ok(queries.into_iter().map(find).collect())
    }

    async fn find_orders(&self, key: ExternalKey) -> Result<Vec<FoundOrder>, Error> {
        let id = Self::id(&key);
        let found = self.read(&id)?.filter(|order| order.key == key);
        Ok(found
            .iter()
            .map(|order| FoundOrder {
                order: shop_order(&id, order),
                resume: None,
            })
            .collect())
    }

    async fn create_order(&self, request: CreateOrder) -> Result<CreateProgress, Error> {
        let NewOrder { key, total, .. } = request.order;
        let id = Self::id(&key);
        let order = FileOrder {
            key,
            status: "open".to_owned(),
            total,
            code: None,
        };
        let text = serde_json::to_vec(&order)
            .map_err(|error| Error::not_applied(Kind::Unexpected, error.to_string()))?;
        // A whole file appears at once, or none: it is linked into place, never over another.
        let beside = self
            .path(&id)
            .with_extension(format!("{}.new", std::process::id()));
        std::fs::write(&beside, text)
            .map_err(|e| Error::not_applied(Kind::Unavailable, "cannot write").with_source(e))?;
        let placed = std::fs::hard_link(&beside, self.path(&id));
        drop(std::fs::remove_file(&beside));
        match placed {
            Ok(()) => Ok(CreateProgress::Created(Box::new(shop_order(&id, &order)))),
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Err(
                Error::not_applied(Kind::Conflict, format!("order {id} exists")),
            ),
            Err(error) => Err(Error::unknown(Kind::Unavailable, "cannot write").with_source(error)),
        }
    }

    async fn changes(&self, _cursor: Option<Cursor>) -> Result<ShopChanges, Error> {
        // No feed: the capability says so, and open orders are read again by id.
        Ok(ShopChanges {
            ids: Vec::new(),
            next: Cursor(String::new()),
            more: false,
        })
    }

    async fn orders(&self, ids: Vec<ShopOrderId>) -> Result<Vec<ShopRead>, Error> {
        let read = |id: ShopOrderId| match self.read(&id) {
            Ok(Some(order)) => Ok(ShopRead::Found(Box::new(shop_order(&id, &order)))),
            Ok(None) => Ok(ShopRead::Gone(id)),
            Err(error) if error.kind() == Kind::Decode => Ok(ShopRead::Unreadable {
                id,
                reason: error.report(),
            }),
            Err(error) => Err(error),
        };
        ids.into_iter().map(read).collect()
    }

    async fn cancel_order(&self, request: CancelShopOrder) -> Result<ShopCancel, Error> {
        if !request.lines.is_empty() {
            return Err(Error::unsupported("cancel_order", "cancel_lines"));
        }
        let Some(mut order) = self.read(&request.id)? else {
            return Ok(ShopCancel::Done);
        };
        if order.status == "sent" {
            return Ok(ShopCancel::Rejected {
                reason: "it was sent".to_owned(),
            });
        }
        "cancelled".clone_into(&mut order.status);
        self.write(&request.id, &order)?;
        Ok(ShopCancel::Done)
    }

    async fn note_return(&self, _request: NoteReturn) -> Result<ShopNote, Error> {
        Err(Error::unsupported("note_return", "returns"))
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let directory = std::env::temp_dir().join(format!("directory-shop-{}", std::process::id()));
    std::fs::create_dir_all(&directory).map_err(|error| unreadable(&directory, error))?;
    let shop: Arc<dyn Webshop> = Arc::new(DirectoryShop {
        directory: directory.clone(),
        articles: vec!["SKU1".to_owned()],
    });
    let query = ProductQuery {
        line: "L1".into(),
        sku: Some("SKU1".to_owned()),
        gtin: None,
    };
    let matches = shop.products(vec![query]).await?;
    let content = samples::order(
        "1001",
        chrono::DateTime::UNIX_EPOCH,
        vec![samples::line("L1", "SKU1", 2, 999)],
    );
    let key = ExternalKey::new("market", "1001");
    let order = order_core::lifecycle::new_order(&content, key, &matches)
        .map_err(|blocked| Error::not_applied(Kind::Unexpected, blocked.text))?;
    let request = CreateOrder {
        order,
        resume: None,
    };
    println!("{:?}", shop.create_order(request.clone()).await?);
    match shop.create_order(request).await {
        Err(error) => println!("once more: {error}"),
        Ok(progress) => println!("doubled! {progress:?}"),
    }
    drop(std::fs::remove_dir_all(directory));
    Ok(())
}

#[cfg(test)]
mod contract {
    use super::*;
    use order_core::shipment::LineQuantity;
    use order_core::testkit::GatedWebshop;
    use order_core::testkit::contract::{Armed, NextFault, WebshopHarness};

    /// How the suite drives the shop.
    struct Harness {
        directory: tempfile::TempDir,
        shop: DirectoryShop,
        gated: Arc<GatedWebshop>,
        armed: Armed,
    }

    impl Harness {
        fn change(&self, id: &ShopOrderId, change: impl FnOnce(&mut FileOrder)) {
            let mut order = self.shop.read(id).unwrap().unwrap();
            change(&mut order);
            self.shop.write(id, &order).unwrap();
        }
    }

    #[async_trait]
    impl WebshopHarness for Harness {
        async fn start() -> Self {
            let directory = tempfile::tempdir().unwrap();
            let shop = DirectoryShop {
                directory: directory.path().to_owned(),
                articles: vec!["SKU1".to_owned(), "SKU2".to_owned()],
            };
            let armed = Armed::default();
            let gated = Arc::new(GatedWebshop::new(Arc::new(shop.clone()), armed.gate()));
            Self {
                directory,
                shop,
                gated,
                armed,
            }
        }

        fn webshop(&self) -> Arc<dyn Webshop> {
            Arc::clone(&self.gated) as Arc<dyn Webshop>
        }

        fn skus(&self) -> [String; 2] {
            ["SKU1".to_owned(), "SKU2".to_owned()]
        }

        async fn inject(&self, fault: NextFault) {
            self.armed.arm(fault);
        }

        async fn orders(&self, key: &ExternalKey) -> Vec<(ShopOrderId, bool)> {
            let files = std::fs::read_dir(self.directory.path()).unwrap();
            files
                .map(|file| serde_json::from_slice(&std::fs::read(file.unwrap().path()).unwrap()))
                .map(|order: Result<FileOrder, _>| order.unwrap())
                .filter(|order| order.key == *key)
                .map(|order| (DirectoryShop::id(&order.key), order.status != "cancelled"))
                .collect()
        }

        async fn complete(&self, id: &ShopOrderId, code: Option<Tracking>) {
            self.change(id, |order| {
                order.status = "sent".to_owned();
                order.code = code.map(|tracking| tracking.code);
            });
        }

        async fn add_code(&self, id: &ShopOrderId, code: Tracking) {
            self.change(id, |order| order.code = Some(code.code));
        }

        async fn ship(&self, _id: &ShopOrderId, _lines: Vec<LineQuantity>, _code: Tracking) {
            unreachable!("partial shipments are not declared");
        }

        fn secrets(&self) -> Vec<String> {
            vec!["a directory needs no secret".to_owned()]
        }
    }

    order_core::webshop_contract!(Harness);
}
