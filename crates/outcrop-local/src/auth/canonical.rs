//! The canonical request: the one form of a request in which both sides sign it.
//!
//! # Invariants
//! - The path is normalized and then encoded once more: percent signs of the path as sent become `%25`. All services
//!   but S3 do so.
//! - The body's hash is taken from the body, whatever a header says.

use http::HeaderMap;
use sha2::{Digest, Sha256};

use super::Signed;
use crate::received::decode_bytes;

/// What a client of HTTP/2 may sign in place of `host`.
pub(super) const AUTHORITY: &str = ":authority";

/// The canonical form of `request`; `signed_headers` as the client lists them, with semicolons.
pub(super) fn canonical(request: &Signed<'_>, signed_headers: &str) -> String {
    let mut text = format!("{}\n{}\n{}\n", request.method, path(request.path), query(request.query));
    for name in signed_headers.split(';') {
        text.push_str(&format!("{name}:{}\n", header(request.headers, name)));
    }
    text.push_str(&format!("\n{signed_headers}\n{}", hash(request.body)));
    text
}

/// SHA-256 in hexadecimal digits.
pub(super) fn hash(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn path(path: &str) -> String {
    let mut segments = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => drop(segments.pop()),
            segment => segments.push(encode(segment.as_bytes())),
        }
    }
    let ends_in_slash = ["/", "/.", "/.."].iter().any(|end| path.ends_with(end));
    let slash = if ends_in_slash && !segments.is_empty() { "/" } else { "" };
    format!("/{}{slash}", segments.join("/"))
}

fn query(query: &str) -> String {
    let parts = query.split('&').filter(|part| !part.is_empty());
    let mut pairs: Vec<(String, String)> = parts
        .map(|part| {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            (encode(&decode_bytes(name)), encode(&decode_bytes(value)))
        })
        .collect();
    pairs.sort();
    let pairs: Vec<String> = pairs.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
    pairs.join("&")
}

/// All values of the header, blanks at the ends gone and those within made one.
fn header(headers: &HeaderMap, name: &str) -> String {
    // The server puts HTTP/2's host where HTTP/1.1 has it.
    let name = if name == AUTHORITY { "host" } else { name };
    let values = headers.get_all(name).iter().map(|value| {
        let value = String::from_utf8_lossy(value.as_bytes());
        value.split([' ', '\t']).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
    });
    values.collect::<Vec<_>>().join(",")
}

/// Everything but letters, digits and `-._~` becomes a percent sign and two digits.
fn encode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for &byte in bytes {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            text.push(byte.into());
        } else {
            text.push_str(&format!("%{byte:02X}"));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_encoded_once_more() {
        let check = |given: &str, expected: &str| assert_eq!(path(given), expected);
        check("/model/amazon.nova-lite-v1%3A0/converse", "/model/amazon.nova-lite-v1%253A0/converse");
        check("/model/a:b/converse", "/model/a%3Ab/converse");
        check("//model/./x/../y/", "/model/y/");
        check("", "/");
        check("/..", "/");
    }

    #[test]
    fn headers_are_joined_and_trimmed() {
        let mut headers = HeaderMap::new();
        for (name, value) in [("host", "h:1"), ("x-a", "  one   two "), ("x-a", "three")] {
            headers.append(name, value.parse().unwrap());
        }
        let check = |name: &str, expected: &str| assert_eq!(header(&headers, name), expected);
        check("host", "h:1");
        check(":authority", "h:1");
        check("x-a", "one two,three");
        check("x-none", "");
        check("no name", "");
    }

    #[test]
    fn queries_are_sorted_and_encoded_once() {
        assert_eq!(query("b=2&a=%2f&a=1&c&"), "a=%2F&a=1&b=2&c=");
        assert_eq!(query(""), "");
    }
}
