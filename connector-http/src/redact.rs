//! Short pieces of answers that may be shown to a person.
//!
//! An answer can hold anything: a token, our own key echoed back, a buyer's address. What leaves
//! this module is short, on one line, and has such things masked.

use std::borrow::Cow;

const MASK: &str = "…";

/// The start of an answer, fit for an error's text.
///
/// Masked are: the credentials of the request (`known`), values under keys that sound secret,
/// e-mail addresses, and long unbroken runs such as tokens.
#[must_use]
pub(crate) fn excerpt(body: &[u8], known: &[String]) -> String {
    masked(body, known, 160)
}

/// The same with another length.
#[must_use]
pub(crate) fn masked(body: &[u8], known: &[String], longest: usize) -> String {
    let head = &body[..body.len().min(4 * 1024)];
    let mut text: Cow<'_, str> = String::from_utf8_lossy(head);
    for secret in known.iter().filter(|secret| secret.len() >= 4) {
        if text.contains(secret.as_str()) {
            text = Cow::Owned(text.replace(secret.as_str(), MASK));
        }
    }
    let text = if looks_like_html(&text) {
        without_tags(&text)
    } else {
        text.into_owned()
    };
    let mut out = String::new();
    let mut hide_next = false;
    for word in text
        .split(|c: char| c.is_whitespace() || c.is_control())
        .filter(|w| !w.is_empty())
    {
        if !out.is_empty() {
            out.push(' ');
        }
        mask_word(word, &mut hide_next, &mut out);
        if out.chars().count() > longest {
            let cut: String = out.chars().take(longest).collect();
            return format!("{cut}…");
        }
    }
    out
}

fn looks_like_html(text: &str) -> bool {
    text.trim_start_matches('\u{feff}')
        .trim_start()
        .starts_with('<')
}

fn without_tags(text: &str) -> String {
    let mut out = String::new();
    let mut inside = false;
    for c in text.chars() {
        match c {
            '<' => inside = true,
            '>' => {
                inside = false;
                out.push(' ');
            }
            _ if !inside => out.push(c),
            _ => {}
        }
    }
    out
}

/// Splits a word at JSON's and URLs' punctuation and masks the parts that must not be shown.
fn mask_word(word: &str, hide_next: &mut bool, out: &mut String) {
    let mut part = String::new();
    for c in word.chars().chain(std::iter::once('\0')) {
        if matches!(
            c,
            '"' | ',' | '{' | '}' | '[' | ']' | '=' | '&' | '?' | ':' | ';' | '\0'
        ) {
            flush(&mut part, hide_next, out);
            if matches!(c, ',' | '&' | '}' | ';') {
                *hide_next = false;
            }
            if c != '\0' {
                out.push(c);
            }
        } else {
            part.push(c);
        }
    }
}

fn flush(part: &mut String, hide_next: &mut bool, out: &mut String) {
    if part.is_empty() {
        return;
    }
    let opaque = part.len() >= 24 && part.chars().any(|c| c.is_ascii_digit());
    if *hide_next || part.contains('@') || opaque {
        out.push_str(MASK);
    } else {
        out.push_str(part);
        *hide_next = sounds_secret(part);
    }
    part.clear();
}

fn sounds_secret(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    [
        "token",
        "secret",
        "password",
        "authorization",
        "bearer",
        "basic",
        "api_key",
        "apikey",
    ]
    .iter()
    .any(|word| key.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_addresses_and_known_credentials_are_masked() {
        let body = br#"{"access_token": "short1", "mail":"billie@example.com",
            "note":"key k-9981 refused","jwt":"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0","ok":12}"#;
        let text = excerpt(body, &["k-9981".to_owned()]);
        for hidden in ["short1", "billie", "k-9981", "eyJhb"] {
            assert!(!text.contains(hidden), "{text}");
        }
        assert!(text.contains("refused") && text.contains("12"), "{text}");
    }

    #[test]
    fn an_html_page_is_reduced_to_its_words() {
        let text = excerpt(b"<html><h1>502 Bad Gateway</h1>\n<p>nginx</p>", &[]);
        assert_eq!(text, "502 Bad Gateway nginx");
    }

    #[test]
    fn an_excerpt_is_short_and_on_one_line_whatever_comes_in() {
        let text = excerpt("é\n\0".repeat(100_000).as_bytes(), &[]);
        assert!(
            text.chars().count() <= 161 && !text.contains('\n'),
            "{text}"
        );
        assert_eq!(excerpt(&[0xff, 0xfe], &[]), "\u{fffd}\u{fffd}");
    }
}
