//! Proves the credentials and looks at what could spoil the connection.

use order_core::Error;
use order_core::ports::AccountInfo;

use super::connector::Shopify;
use super::wire::{Definition, Installation};

/// The access scopes that are needed.
const SCOPES: [&str; 3] = ["read_orders", "write_orders", "read_products"];

/// What pieces need to be put back where they were taken: either of them.
const LOCATIONS: [&str; 2] = ["read_locations", "read_inventory"];

/// What orders older than 60 days need.
const OLD_ORDERS: &str = "read_all_orders";

pub(super) async fn check(shop: &Shopify) -> Result<AccountInfo, Error> {
    let look = shop.api.look().await?;
    let mut info = AccountInfo {
        name: Some(look.shop.name),
        facts: vec![
            ("currency".to_owned(), look.shop.currency_code),
            ("shop".to_owned(), look.shop.myshopify_domain),
        ],
        warnings: Vec::new(),
    };
    if let Some(installation) = &look.current_app_installation {
        info.warnings.extend(missing_scopes(installation));
        if !LOCATIONS.iter().any(|scope| has(installation, scope)) {
            info.warnings.push(
                "the app lacks the access scope read_locations: single pieces of an order cannot \
                 be cancelled"
                    .to_owned(),
            );
        }
        if !installation
            .access_scopes
            .iter()
            .any(|own| own.handle == OLD_ORDERS)
        {
            info.warnings.push(format!(
                "the app lacks the access scope {OLD_ORDERS}: orders older than 60 days cannot be \
                 read and look as if they were deleted"
            ));
        }
    }
    if let Some(name) = &shop.config.key_metafield {
        let definition = look
            .metafield_definitions
            .as_ref()
            .and_then(|page| page.nodes.first());
        info.warnings.extend(key_problem(name, definition));
    }
    Ok(info)
}

/// Whether the app has a scope. What writes also reads.
fn has(installation: &Installation, wanted: &str) -> bool {
    let writes = wanted
        .strip_prefix("read_")
        .map(|rest| format!("write_{rest}"));
    let mut scopes = installation.access_scopes.iter();
    scopes.any(|own| own.handle == wanted || Some(&own.handle) == writes.as_ref())
}

fn missing_scopes(installation: &Installation) -> Option<String> {
    let missing: Vec<&str> = SCOPES
        .into_iter()
        .filter(|scope| !has(installation, scope))
        .collect();
    (!missing.is_empty()).then(|| {
        format!(
            "the app lacks the access scopes {}: give them, or orders cannot be made and read",
            missing.join(", ")
        )
    })
}

/// What is wrong with the metafield that holds our key.
fn key_problem(name: &str, definition: Option<&Definition>) -> Option<String> {
    let Some(definition) = definition else {
        return Some(format!(
            "the shop has no metafield definition {name} for orders: make one of type ID under \
             Settings, Metafields and metaobjects, Orders, or set key_metafield to \"\""
        ));
    };
    if definition.kind.name != "id" {
        return Some(format!(
            "the metafield {name} is of type {}, and only ID is unique: make one of type ID, or \
             set key_metafield to \"\"",
            definition.kind.name
        ));
    }
    let unique = definition
        .capabilities
        .as_ref()
        .is_none_or(|own| own.unique_values.enabled);
    (!unique).then(|| format!("the values of metafield {name} are not unique: switch that on"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn scopes_that_write_also_read_and_what_is_missing_is_named() {
        let scopes = json!({"accessScopes": [{"handle": "write_orders"}]});
        let installation: Installation = serde_json::from_value(scopes).unwrap();
        let told = missing_scopes(&installation).unwrap();
        assert!(
            told.contains("read_products") && !told.contains("read_orders"),
            "{told}"
        );
    }

    #[test]
    fn a_key_that_would_not_be_unique_is_told() {
        let definition = |kind: &str, unique: bool| -> Definition {
            serde_json::from_value(json!({
                "type": {"name": kind},
                "capabilities": {"uniqueValues": {"enabled": unique}},
            }))
            .unwrap()
        };
        let name = "custom.marketplace_order_id";
        assert!(key_problem(name, None).is_some());
        assert!(key_problem(name, Some(&definition("single_line_text_field", true))).is_some());
        assert!(key_problem(name, Some(&definition("id", false))).is_some());
        assert_eq!(key_problem(name, Some(&definition("id", true))), None);
    }
}
