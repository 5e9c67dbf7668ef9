//! Requests signed by `aws-sigv4`, as they are and with one thing wrong.

use std::time::{Duration, UNIX_EPOCH};

use aws_sigv4::{
    http_request::{SignableBody, SignableRequest, SigningSettings, sign},
    sign::v4,
};
use http::HeaderValue;
use proptest::prelude::*;

use super::*;

const ACCESS: &str = "AKIDEXAMPLE";
const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
const BODY: &[u8] = br#"{"messages":[]}"#;
/// 2026-11-22T10:15:30Z
const NOW: u64 = 1_795_342_530;

/// A request with its signature.
#[derive(Clone, Debug)]
struct Case {
    method: String,
    path: String,
    query: String,
    headers: HeaderMap,
    body: Vec<u8>,
}

struct Signer {
    token: Option<&'static str>,
    region: &'static str,
    service: &'static str,
    at: u64,
}

const SIGNER: Signer = Signer { token: None, region: "us-east-1", service: "bedrock", at: NOW };

impl Case {
    fn new(path: &str, query: &str, headers: &[(&'static str, &str)], body: &[u8]) -> Self {
        let mut map = HeaderMap::new();
        map.insert("host", HeaderValue::from_static("127.0.0.1:39411"));
        for (name, value) in headers {
            map.append(*name, HeaderValue::from_str(value).unwrap());
        }
        let (path, query) = (path.to_owned(), query.to_owned());
        Self { method: "POST".to_owned(), path, query, headers: map, body: body.to_vec() }
    }

    fn sign(mut self, signer: &Signer) -> Self {
        let token = signer.token.map(str::to_owned);
        let identity = aws_credential_types::Credentials::new(ACCESS, SECRET, token, None, "test").into();
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region(signer.region)
            .name(signer.service)
            .time(UNIX_EPOCH + Duration::from_secs(signer.at))
            .settings(SigningSettings::default())
            .build()
            .unwrap()
            .into();
        let query = if self.query.is_empty() { String::new() } else { format!("?{}", self.query) };
        let uri = format!("http://127.0.0.1:39411{}{query}", self.path);
        let headers = self.headers.iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap()));
        let body = SignableBody::Bytes(&self.body);
        let request = SignableRequest::new(&self.method, uri, headers, body).unwrap();
        let (signed, _) = sign(request, &params).unwrap().into_parts();
        let mut request = http::Request::new(());
        signed.apply_to_request_http1x(&mut request);
        self.headers.extend(request.into_parts().0.headers);
        self
    }

    fn judge(&self, auth: &Auth) -> Result<(), Denied> {
        let request = Signed {
            method: &self.method,
            path: &self.path,
            query: &self.query,
            headers: &self.headers,
            body: &self.body,
        };
        auth.judge(&request, UNIX_EPOCH + Duration::from_secs(NOW))
    }
}

fn sigv4() -> Auth {
    Auth::SigV4(Credentials::new(ACCESS, SECRET))
}

/// A part of a path as some client may send it: anything encoded, encoded twice, or bare.
fn segment() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-zA-Z0-9._~-]{1,12}",
        "(%3A|%2F|%2f|%25|%20|%C3%A9|:|@|,|=|!|\\(|\\)|\\*|'|;|&|\\$|[a-z0-9.]){1,20}",
        Just(".".to_owned()),
        Just("..".to_owned()),
        Just(String::new()),
    ]
}

fn case() -> impl Strategy<Value = Case> {
    let path = prop::collection::vec(segment(), 0..5).prop_map(|parts| format!("/{}", parts.join("/")));
    let query =
        prop::collection::vec("[a-zA-Z0-9._~-]{1,5}(=([a-zA-Z0-9._~*-]|%2F|%20|%2B|%C3%A9){0,5})?", 0..4);
    let query = query.prop_map(|parts| parts.join("&"));
    let value = "[!-~]([ -~]{0,20}[!-~])?";
    let headers = (value, prop::collection::vec(value, 0..3));
    (path, query, headers, prop::collection::vec(any::<u8>(), 0..60)).prop_map(
        |(path, query, (one, many), body)| {
            let mut case = Case::new(&path, &query, &[("x-amz-one", &one)], &body);
            for value in many {
                case.headers.append("x-amz-many", HeaderValue::from_str(&value).unwrap());
            }
            case
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn what_the_sdk_signs_is_taken_and_what_is_changed_is_not(case in case(), at in 0usize..1000) {
        let signed = case.sign(&SIGNER);
        prop_assert_eq!(signed.judge(&sigv4()), Ok(()), "{:?}", signed);

        let mut other = signed.clone();
        match at % 4 {
            0 => other.body.push(0),
            1 => other.path.push_str("/x"),
            2 => other.query.push_str("&z=1"),
            _ => drop(other.headers.insert("x-amz-one", HeaderValue::from_static("other"))),
        }
        let judged = other.judge(&sigv4()).map_err(|denied| denied.error_type);
        let differs = at % 4 < 3 || other.headers["x-amz-one"] != signed.headers["x-amz-one"];
        prop_assert_eq!(judged.is_err(), differs, "{:?} {:?}", judged, other);
    }
}

#[test]
fn what_is_wrong_is_said() {
    let check = |signer: &Signer, auth: &Auth, change: &dyn Fn(&mut HeaderMap), expected: &str| {
        let mut case = Case::new("/model/m%3A0/converse", "", &[], BODY).sign(signer);
        change(&mut case.headers);
        let outcome = case.judge(auth);
        let say = |denied: Denied| format!("{}: {}", denied.error_type, denied.message);
        let text = outcome.map_or_else(say, |()| "ok".to_owned());
        assert_eq!(text, expected);
    };
    let keep = |_: &mut HeaderMap| {};
    let with = |name: &'static str, value: &'static str| {
        move |headers: &mut HeaderMap| drop(headers.insert(name, HeaderValue::from_static(value)))
    };
    let of = |credentials: Credentials| Auth::SigV4(credentials);
    let token = "UnrecognizedClientException: The security token included in the request is invalid.";
    let mismatch = "InvalidSignatureException: The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.";

    check(&SIGNER, &Auth::Off, &keep, "ok");
    check(&SIGNER, &sigv4(), &keep, "ok");
    check(&SIGNER, &of(Credentials::new(ACCESS, SECRET).region("us-east-1")), &keep, "ok");
    check(&SIGNER, &of(Credentials::new(ACCESS, "other")), &keep, mismatch);
    check(&SIGNER, &of(Credentials::new("OTHER", SECRET)), &keep, token);
    check(&SIGNER, &of(Credentials::new(ACCESS, SECRET).session_token("t")), &keep, token);
    let with_token = Signer { token: Some("t"), ..SIGNER };
    check(&with_token, &sigv4(), &keep, token);
    check(&with_token, &of(Credentials::new(ACCESS, SECRET).session_token("t")), &keep, "ok");
    check(
        &SIGNER,
        &of(Credentials::new(ACCESS, SECRET).region("eu-west-1")),
        &keep,
        "InvalidSignatureException: Credential should be scoped to a valid region, not 'us-east-1'. ",
    );
    check(
        &Signer { service: "s3", ..SIGNER },
        &sigv4(),
        &keep,
        "InvalidSignatureException: Credential should be scoped to correct service: 'bedrock'. ",
    );
    for (at, expected) in [
        (NOW - 300, "ok"),
        (NOW + 300, "ok"),
        (
            NOW - 301,
            "InvalidSignatureException: Signature expired: 20261122T101029Z is now earlier than 20261122T101030Z (20261122T101530Z - 5 min.)",
        ),
        (
            NOW + 301,
            "InvalidSignatureException: Signature not yet current: 20261122T102031Z is still later than 20261122T102030Z (20261122T101530Z + 5 min.)",
        ),
    ] {
        check(&Signer { at, ..SIGNER }, &sigv4(), &keep, expected);
    }
    check(
        &SIGNER,
        &sigv4(),
        &|headers| drop(headers.remove("authorization")),
        "MissingAuthenticationTokenException: Missing Authentication Token",
    );
    check(
        &SIGNER,
        &sigv4(),
        &with("authorization", "Basic abc"),
        "MissingAuthenticationTokenException: Missing Authentication Token",
    );
    check(
        &SIGNER,
        &sigv4(),
        &with("authorization", "AWS4-HMAC-SHA256 Credential=x"),
        "IncompleteSignatureException: Authorization header requires 'Signature' parameter. Authorization header requires 'SignedHeaders' parameter.",
    );
    check(
        &SIGNER,
        &sigv4(),
        &|headers| drop(headers.remove("x-amz-date")),
        "IncompleteSignatureException: Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.",
    );
    check(&SIGNER, &Auth::Bearer("t".to_owned()), &keep, token);
    let wrong = "AccessDeniedException: Authentication failed: Please make sure your API Key is valid.";
    check(&SIGNER, &Auth::Bearer("t".to_owned()), &with("authorization", "Bearer t"), "ok");
    check(&SIGNER, &Auth::Bearer("t".to_owned()), &with("authorization", "bearer  t "), "ok");
    check(&SIGNER, &Auth::Bearer("t".to_owned()), &with("authorization", "Bearer tt"), wrong);
    check(&SIGNER, &sigv4(), &with("authorization", "Bearer t"), wrong);
}

#[test]
fn auth_is_read_from_a_text() {
    let check = |text: &str, expected: Option<Auth>| assert_eq!(text.parse().ok(), expected, "{text}");
    check("off", Some(Auth::Off));
    check("bearer:a:b", Some(Auth::Bearer("a:b".to_owned())));
    check("sigv4:a:b", Some(Auth::SigV4(Credentials::new("a", "b"))));
    check("sigv4:a:b:c", Some(Auth::SigV4(Credentials::new("a", "b").region("c"))));
    for wrong in ["", "on", "off:", "bearer", "bearer:", "sigv4:a", "sigv4:a:", "sigv4:a:b:c:d"] {
        check(wrong, None);
    }
    let shown = format!("{:?} {:?}", sigv4(), Auth::Bearer("hush".to_owned()));
    assert_eq!(shown, r#"SigV4(Credentials { access_key: "AKIDEXAMPLE", .. }) Bearer(..)"#);
}
