//! A proxy that logs people in and says who they are.

use std::net::IpAddr;

use axum::http::{HeaderMap, HeaderName};

use super::{Actor, InvalidUser, Role};

/// A proxy that checks who comes in and puts the name into a header.
///
/// It must take that header out of what it is sent, and nobody else may reach the console under
/// its address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proxy {
    header: HeaderName,
    trusted: Vec<IpAddr>,
    operators: Vec<String>,
}

impl Proxy {
    /// A proxy at one of these addresses, that names people in this header. Those in `operators`
    /// may act, everybody else may look.
    ///
    /// # Errors
    ///
    /// What is wrong with the header, or that there is no address.
    pub fn new(
        header: &str,
        trusted: Vec<IpAddr>,
        operators: Vec<String>,
    ) -> Result<Self, InvalidUser> {
        let header = HeaderName::from_bytes(header.as_bytes())
            .map_err(|_| InvalidUser(format!("{header:?} is no name of a header")))?;
        if trusted.is_empty() {
            let text = "the proxy needs an address that it is believed from";
            return Err(InvalidUser(text.to_owned()));
        }
        Ok(Self {
            header,
            trusted,
            operators,
        })
    }

    /// Who it says that this is; nobody when it is not the proxy that says so.
    pub(super) fn actor(&self, peer: Option<IpAddr>, headers: &HeaderMap) -> Option<Actor> {
        let peer = peer?.to_canonical();
        if !self.trusted.iter().any(|ip| ip.to_canonical() == peer) {
            return None;
        }
        let mut names = headers.get_all(&self.header).iter();
        // Two names: one of them was not put there by the proxy.
        let (Some(name), None) = (names.next(), names.next()) else {
            return None;
        };
        let name = name.to_str().ok()?.trim();
        let good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '@' | '+');
        if name.is_empty() || name.len() > 100 || !name.chars().all(good) {
            return None;
        }
        let operates = self.operators.iter().any(|operator| operator == name);
        let role = if operates {
            Role::Operator
        } else {
            Role::Viewer
        };
        Some(Actor::new(name, role))
    }
}
