//! Passwords: argon2id hashes, made and checked off the async threads, few at a time.

use argon2::password_hash::phc::PasswordHash;
use argon2::{Argon2, PasswordHasher as _, PasswordVerifier as _};
use tokio::sync::Semaphore;

/// Longer passwords are refused before they cost anything.
pub(crate) const LONGEST: usize = 1024;

/// Hashes at work at once: each takes some 20 MB and a core.
static AT_WORK: Semaphore = Semaphore::const_new(2);

/// What an unknown user's password is compared with, so that it takes as long as a known one's.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5bm9ib2R5$\
                      V1C8lYRyKpTfPNc2ZQUX8FqA4qoyGqI1PHJZYaV9VTs";

/// The argon2id hash of a password, as it stands in a configuration.
///
/// # Errors
///
/// What is wrong with the password, or that the machine has no random numbers.
pub fn hash_password(password: &str) -> Result<String, super::InvalidUser> {
    if password.chars().count() < 10 {
        return Err(super::InvalidUser(
            "the password is too short: it needs ten characters or more".to_owned(),
        ));
    }
    if password.len() > LONGEST {
        return Err(super::InvalidUser(format!(
            "the password is too long: it may have {LONGEST} bytes"
        )));
    }
    Argon2::default()
        .hash_password(password.as_bytes())
        .map(|hash| hash.to_string())
        .map_err(|error| super::InvalidUser(format!("the password cannot be hashed: {error}")))
}

pub(crate) fn is_hash(text: &str) -> bool {
    text.starts_with("$argon2id$") && PasswordHash::new(text).is_ok()
}

/// Whether the password is the one of the hash; `None` stands for a user that is not there.
pub(crate) async fn verify(password: String, hash: Option<String>) -> bool {
    if password.len() > LONGEST {
        return false;
    }
    let Ok(_permit) = AT_WORK.acquire().await else {
        return false;
    };
    let known = hash.is_some();
    let hash = hash.unwrap_or_else(|| NOBODY.to_owned());
    let checked = tokio::task::spawn_blocking(move || {
        PasswordHash::new(&hash).is_ok_and(|hash| {
            Argon2::default()
                .verify_password(password.as_bytes(), &hash)
                .is_ok()
        })
    });
    checked.await.unwrap_or(false) && known
}

#[cfg(test)]
mod tests {
    use super::{NOBODY, hash_password, is_hash, verify};

    #[tokio::test]
    async fn a_password_fits_its_hash_and_no_other() {
        let hash = hash_password("correct horse").unwrap();
        assert!(is_hash(&hash));
        assert!(verify("correct horse".to_owned(), Some(hash.clone())).await);
        assert!(!verify("correct horsf".to_owned(), Some(hash)).await);
        assert!(!verify("correct horse".to_owned(), None).await);
        assert!(is_hash(NOBODY));
    }

    #[test]
    fn short_and_endless_passwords_are_refused() {
        assert!(hash_password("short").is_err());
        assert!(hash_password(&"x".repeat(5000)).is_err());
    }
}
