//! Who may see and do what.

mod form;
mod guard;
mod login;
mod password;
mod proxy;
mod sessions;
mod throttle;

use std::fmt;

use serde::{Deserialize, Serialize};

pub(crate) use form::{OperatorForm, SafeForm};
pub(crate) use guard::{Base, Ticket, guard, security_headers};
pub(crate) use login::{login, login_page, logout};
pub use password::hash_password;
pub(crate) use password::is_hash;
pub use proxy::Proxy;
use sessions::Sessions;
pub(crate) use sessions::random_text;
use throttle::Throttle;

/// What somebody may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Look.
    Viewer,
    /// Look and act.
    Operator,
}

/// Somebody with a password.
#[derive(Clone)]
pub struct User {
    name: String,
    role: Role,
    hash: String,
}

impl fmt::Debug for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("User")
            .field("name", &self.name)
            .field("role", &self.role)
            .finish_non_exhaustive()
    }
}

/// A user that cannot be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidUser(String);

impl fmt::Display for InvalidUser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for InvalidUser {}

impl User {
    /// A user with the hash of a password, as [`hash_password`] makes it.
    ///
    /// # Errors
    ///
    /// What is wrong with the name or the hash.
    pub fn new(
        name: impl Into<String>,
        role: Role,
        hash: impl Into<String>,
    ) -> Result<Self, InvalidUser> {
        let (name, hash) = (name.into(), hash.into());
        let good = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | '@');
        if name.is_empty() || name.chars().count() > 60 || !name.chars().all(good) {
            return Err(InvalidUser(format!(
                "user name {name:?} may have letters, digits, - _ . and @, 60 at most"
            )));
        }
        if !is_hash(&hash) {
            return Err(InvalidUser(format!(
                "the password of user {name:?} is no argon2id hash; \
                 `order-sync console hash-password` makes one"
            )));
        }
        Ok(Self { name, role, hash })
    }
}

/// Who may come in.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Access {
    /// Whoever sits at this machine, as operator and without a login. Only requests for a
    /// loopback name are answered, so that no page on the web can reach it through a name of its
    /// own.
    Local,
    /// These users, with a login.
    Users(Vec<User>),
    /// Whoever a proxy before it has let in, by the name in a header. Believed only of the
    /// proxy's own address.
    Proxy(Proxy),
    /// The application around the router has checked who comes in. It may put an [`Actor`] into
    /// the request's extensions; without one, everybody is an operator called `application`.
    Surrounding,
}

/// Who does something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// The name that goes into the history of what they change.
    pub name: String,
    /// What they may do.
    pub role: Role,
}

impl Actor {
    /// Somebody, by name and role.
    #[must_use]
    pub fn new(name: impl Into<String>, role: Role) -> Self {
        Self {
            name: name.into(),
            role,
        }
    }

    pub(crate) fn may_act(&self) -> bool {
        self.role == Role::Operator
    }
}

/// The gate everybody passes.
#[derive(Debug)]
pub(crate) struct Gate {
    access: Access,
    sessions: Sessions,
    throttle: Throttle,
    /// The token of pages that are shown without a session.
    token: String,
    /// The token of the login's page, which anybody may see.
    login_token: String,
}

impl Gate {
    pub(crate) fn new(access: Access) -> Self {
        Self {
            access,
            sessions: Sessions::default(),
            throttle: Throttle::default(),
            token: random_text(),
            login_token: random_text(),
        }
    }

    pub(crate) fn has_login(&self) -> bool {
        matches!(self.access, Access::Users(_))
    }

    /// The token of somebody's pages where there are no sessions: each has another.
    fn token_of(&self, name: &str) -> String {
        use sha2::{Digest as _, Sha256};
        let mut hash = Sha256::new();
        hash.update(self.token.as_bytes());
        hash.update([0]);
        hash.update(name.as_bytes());
        let bytes: [u8; 32] = hash.finalize().into();
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn user(&self, name: &str) -> Option<&User> {
        match &self.access {
            Access::Users(users) => users.iter().find(|user| user.name == name),
            Access::Local | Access::Surrounding | Access::Proxy(_) => None,
        }
    }
}
