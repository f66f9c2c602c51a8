//! The table: what goes wrong, and what it is called at each endpoint.

use logto::testing::Fault;

use crate::{
    bodies,
    detour::Spoil,
    wire::Script::{self, Drip, Lead, Pour, Say},
};

pub struct Row {
    pub name: &'static str,
    pub how: How,
    /// For each [`Call`](crate::world::Call): the code of the error, or a word for what comes of it. Empty where there is no such fault.
    pub codes: [&'static str; 7],
    /// Whether it is the timeout that ends it.
    pub slow: bool,
}

pub enum How {
    /// MockLogto does it.
    Mock(Fault),
    /// A server that knows no rules.
    Wire(Script),
    /// The right answer, changed.
    Spoil(Spoil),
    /// Nobody listens.
    Nobody,
    /// A certificate that nobody knows.
    Stranger,
}

/// What comes of it at each endpoint.
type Codes = [&'static str; 6];

/// Sign-out waits for nobody: the session ends here, and at Logto by the redirect.
const OUT: &str = "signed out";
const SERVED: Codes = ["served", "served", "served", "served", "served", OUT];
/// The status says no.
const REFUSED: Codes =
    ["discovery.failed", "jwks.failed", "token.refused", "fetch_user_info_failed", "introspection.failed", OUT];
/// The body says nothing.
const UNREADABLE: Codes = [
    "discovery.failed",
    "jwks.failed",
    "unexpected_response_error",
    "fetch_user_info_failed",
    "introspection.failed",
    OUT,
];

const fn everywhere(code: &'static str) -> Codes {
    [code, code, code, code, code, OUT]
}

/// One endpoint alone.
const fn only(column: usize, code: &'static str) -> Codes {
    let mut codes = [""; 6];
    codes[column] = code;
    codes
}

pub const DISCOVERY: usize = 0;
pub const JWKS: usize = 1;
pub const TOKEN: usize = 2;
pub const USER_INFO: usize = 3;
pub const INTROSPECTION: usize = 4;

/// The whole table.
pub fn rows() -> Vec<Row> {
    [statuses(), redirects(), connections(), contents(), spoiled(), of_one()].into_iter().flatten().collect()
}

fn row(name: &'static str, how: How, codes: Codes) -> Row {
    let [discovery, keys, token, user_info, introspection, revocation] = codes;
    // A refresh may do without an ID token, a sign-in may not.
    let code = if name == "`id_token` null" { "id_token.invalid_token" } else { token };
    Row { name, how, codes: [discovery, keys, code, token, user_info, introspection, revocation], slow: false }
}

fn statuses() -> Vec<Row> {
    let status = |name, status| row(name, How::Mock(Fault::status(status)), REFUSED);
    let oauth = |name, status, error, token| {
        let body = format!(r#"{{"error":"{error}","error_description":"no"}}"#);
        let [discovery, jwks, _, user_info, introspection, out] = REFUSED;
        row(
            name,
            How::Mock(Fault::body(status, "application/json", body)),
            [
                discovery,
                jwks,
                token,
                user_info,
                if token == "client.invalid_credentials" { token } else { introspection },
                out,
            ],
        )
    };
    vec![
        status("201", 201),
        status("202", 202),
        status("204", 204),
        status("206", 206),
        status("304", 304),
        status("400", 400),
        status("401", 401),
        status("403", 403),
        status("404", 404),
        status("405", 405),
        status("408", 408),
        status("410", 410),
        status("418", 418),
        status("429", 429),
        status("451", 451),
        status("500", 500),
        status("501", 501),
        status("502", 502),
        status("503", 503),
        status("504", 504),
        status("511", 511),
        status("599", 599),
        status("999", 999),
        row("a proxy's page with 502", How::Mock(Fault::html(502)), REFUSED),
        oauth("`invalid_client` with 401", 401, "invalid_client", "client.invalid_credentials"),
        oauth("`invalid_request` with 400", 400, "invalid_request", "token.refused"),
        oauth("an unknown error with 400", 400, "teapot", "token.refused"),
        oauth("a broken server's `invalid_grant` with 500", 500, "invalid_grant", "token.refused"),
        oauth("line breaks in the name of an error", 400, r"a\r\nset-cookie: b", "token.refused"),
    ]
}

fn redirects() -> Vec<Row> {
    let lead = |name, status| row(name, How::Wire(Lead(status)), everywhere("network.redirected"));
    vec![
        lead("301 to an internal address", 301),
        lead("302 to an internal address", 302),
        lead("303 to an internal address", 303),
        lead("307 to an internal address", 307),
        lead("308 to an internal address", 308),
        row("302 to nowhere", How::Mock(Fault::redirect("//")), everywhere("network.redirected")),
        row("300 without an address", How::Mock(Fault::status(300)), everywhere("network.redirected")),
    ]
}

fn connections() -> Vec<Row> {
    let unreachable = |name, bytes| row(name, How::Wire(Say(bytes)), everywhere("network.unreachable"));
    let slow = |name, how| Row { slow: true, ..row(name, how, everywhere("network.timeout")) };
    let pour = |name, head, text, code| row(name, How::Wire(Pour(head, text)), everywhere(code));
    let large = "network.body_too_large";
    vec![
        row("nobody listens", How::Nobody, everywhere("network.unreachable")),
        row("a certificate of an unknown CA", How::Stranger, everywhere("network.unreachable")),
        row("the connection is closed", How::Mock(Fault::drop_connection()), everywhere("network.unreachable")),
        slow("silence", How::Mock(Fault::hang())),
        slow("a body that drips", How::Mock(Fault::slow_body(std::time::Duration::from_millis(100)))),
        slow("a body that drips for ever", How::Wire(Drip("HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n"))),
        slow("a head that drips for ever", How::Wire(Drip("HTTP/1.1 200 OK\r\nx: "))),
        unreachable("an empty answer", b""),
        unreachable("another protocol", b"SSH-2.0-OpenSSH_9.9\r\n"),
        unreachable("a TLS alert", b"\x15\x03\x01\x00\x02\x02\x46"),
        unreachable("a head cut off", b"HTTP/1.1 200 OK\r\ncontent-type: appl"),
        unreachable("a status that is no number", b"HTTP/1.1 abc OK\r\ncontent-length: 2\r\n\r\n{}"),
        unreachable("two lengths", b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\n{} "),
        unreachable("a negative length", b"HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n{}"),
        unreachable("a body cut off", b"HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n{\"keys\":["),
        unreachable("a chunk cut off", b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n20\r\n{\"keys\":["),
        unreachable(
            "a chunk of 2^72 bytes",
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nffffffffffffffffff\r\n{}",
        ),
        unreachable(
            "a chunk of no length",
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
        ),
        pour("a body of 100 MB", "HTTP/1.1 200 OK\r\ncontent-length: 104857600\r\n\r\n", " ", large),
        pour("a body of 9 EB", "HTTP/1.1 200 OK\r\ncontent-length: 9223372036854775807\r\n\r\n", " ", large),
        unreachable("a length of 2^64 bytes", b"HTTP/1.1 200 OK\r\ncontent-length: 18446744073709551616\r\n\r\n{}"),
        pour("a body without an end", "HTTP/1.1 200 OK\r\n\r\n", " ", large),
        pour(
            "chunks without an end",
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n",
            "8\r\n        \r\n",
            large,
        ),
        pour("an error of 100 MB", "HTTP/1.1 500 No\r\ncontent-length: 104857600\r\n\r\n", " ", large),
        pour("headers without an end", "HTTP/1.1 200 OK\r\n", "x: y\r\n", "network.unreachable"),
        pour("a header without an end", "HTTP/1.1 200 OK\r\nx: ", "y", "network.unreachable"),
    ]
}

fn contents() -> Vec<Row> {
    let says = |name, body: &str, codes| row(name, How::Mock(Fault::body(200, "application/json", body)), codes);
    let bytes = |name, body: Vec<u8>| row(name, How::Mock(Fault::body(200, "application/json", body)), UNREADABLE);
    let utf_16 = "{}".encode_utf16().flat_map(u16::to_be_bytes).collect();
    let inactive = {
        let mut codes = UNREADABLE;
        codes[INTROSPECTION] = "bearer_token.inactive";
        codes
    };
    vec![
        row("a page with 200", How::Mock(Fault::html(200)), UNREADABLE),
        row("JSON that breaks off", How::Mock(Fault::malformed_body()), UNREADABLE),
        says("nothing", "", UNREADABLE),
        says("`null`", "null", UNREADABLE),
        says("`true`", "true", UNREADABLE),
        says("a number", "1e999", UNREADABLE),
        says("a string", "\"{}\"", UNREADABLE),
        says("an array", "[]", UNREADABLE),
        says("an array of the answer", "[{}]", UNREADABLE),
        says("an empty object", "{}", inactive),
        says("a comma too many", "{\"a\":1,}", UNREADABLE),
        says("two documents", "{}{}", UNREADABLE),
        says("a comment", "/* */ {}", UNREADABLE),
        says("a JWT in its place", "eyJhbGciOiJub25lIn0.e30.", UNREADABLE),
        bytes("a byte order mark", b"\xef\xbb\xbf{}".to_vec()),
        bytes("UTF-16", utf_16),
        bytes("zeros", vec![0; 1000]),
        bytes("invalid UTF-8", b"{\"sub\":\"\xff\xfe\"}".to_vec()),
        bytes("half a surrogate", br#"{"sub":"\ud800","keys":"\ud800"}"#.to_vec()),
        bytes("100,000 open brackets", vec![b'['; 100_000]),
        bytes("100,000 nested objects", b"{\"a\":".repeat(100_000)),
        bytes("compressed, though nobody asked for it", b"\x1f\x8b\x08\x00\x00\x00\x00\x00".to_vec()),
    ]
}

fn spoiled() -> Vec<Row> {
    let spoil = |name, spoil: Spoil, codes| row(name, How::Spoil(spoil), codes);
    let type_of = |name, media| spoil(name, bodies::content_type(media), SERVED);
    // What is kept of an answer beside the known members is read in full.
    let kept = ["served", "served", "served", "fetch_user_info_failed", "introspection.failed", OUT];
    let once =
        ["discovery.failed", "jwks.failed", "unexpected_response_error", "fetch_user_info_failed", "served", OUT];
    vec![
        type_of("the right answer as text/html", Some("text/html")),
        type_of("the right answer in an unknown charset", Some("application/json; charset=utf-7")),
        type_of("the right answer of no type", None),
        spoil("unexpected members", bodies::insert(r#""x":null,"y":{"z":[1,{}]},"\u0000":"\u0000","":[],"#), SERVED),
        spoil("10,000 unexpected members", bodies::many_members(), SERVED),
        spoil("an unexpected member of 100,000 levels", bodies::deep_member(), kept),
        spoil("an unexpected member of 1e400", bodies::insert(r#""x":1e400,"#), kept),
        spoil("an unexpected number of 1,000 digits", bodies::long_number(), kept),
        spoil("members twice", bodies::twice(), once),
        spoil("the last byte missing", bodies::cut(), UNREADABLE),
        spoil("something behind the end", bodies::append("]"), UNREADABLE),
    ]
}

/// What only one endpoint can say.
fn of_one() -> Vec<Row> {
    let of = |column, name, spoil, code| row(name, How::Spoil(spoil), only(column, code));
    let set = bodies::set;
    let mut rows = vec![
        of(
            DISCOVERY,
            "`issuer` of another",
            set("issuer", r#""https://evil.example/oidc""#),
            "discovery.issuer_mismatched",
        ),
        of(DISCOVERY, "`issuer` null", set("issuer", "null"), "discovery.failed"),
        of(DISCOVERY, "`issuer` empty", set("issuer", r#""""#), "discovery.issuer_mismatched"),
        of(DISCOVERY, "`token_endpoint` missing", set("token_endpoint", ""), "discovery.failed"),
        of(DISCOVERY, "`token_endpoint` relative", set("token_endpoint", r#""/oidc/token""#), "discovery.failed"),
        of(DISCOVERY, "`token_endpoint` a file", set("token_endpoint", r#""file:///etc/passwd""#), "discovery.failed"),
        of(DISCOVERY, "`jwks_uri` a script", set("jwks_uri", r#""javascript:alert(1)""#), "discovery.failed"),
        of(DISCOVERY, "`jwks_uri` a number", set("jwks_uri", "1"), "discovery.failed"),
        of(
            DISCOVERY,
            "`authorization_endpoint` a script",
            set("authorization_endpoint", r#""javascript:alert(1)""#),
            "discovery.failed",
        ),
        of(DISCOVERY, "`userinfo_endpoint` of no scheme", set("userinfo_endpoint", r#""localhost""#), "served"),
        of(JWKS, "`keys` null", set("keys", "null"), "jwks.failed"),
        of(JWKS, "`keys` an object", set("keys", "{}"), "jwks.failed"),
        of(JWKS, "no keys", set("keys", "[]"), "jwks.failed"),
        of(JWKS, "keys that are no objects", set("keys", r#"[null,1,"a",[]]"#), "jwks.failed"),
        of(JWKS, "1,000 keys before the right one", bodies::thousand_keys(true), "served"),
        of(JWKS, "1,000 keys without the right one", bodies::thousand_keys(false), "id_token.unknown_key"),
        of(JWKS, "1,000 keys of one name, the right one last", bodies::thousand_namesakes(), "served"),
        of(JWKS, "broken keys before the right one", bodies::broken_keys(true), "served"),
        of(JWKS, "broken keys alone", bodies::broken_keys(false), "jwks.failed"),
        of(JWKS, "another key under the right name", bodies::other_key(), "id_token.invalid_signature"),
        of(JWKS, "a point that is not on the curve", bodies::off_curve(), "jwks.failed"),
        of(JWKS, "a shared secret under the right name", bodies::shared_secret(), "jwks.failed"),
        of(USER_INFO, "`sub` of another", set("sub", r#""user-bob""#), "user_info.sub_mismatched"),
        of(USER_INFO, "`sub` missing", set("sub", ""), "fetch_user_info_failed"),
        of(USER_INFO, "`sub` null", set("sub", "null"), "fetch_user_info_failed"),
        of(USER_INFO, "`sub` a number", set("sub", "7"), "fetch_user_info_failed"),
        of(USER_INFO, "`updated_at` of 20 digits", set("updated_at", "99999999999999999999"), "served"),
        of(INTROSPECTION, "`active` as text", set("active", r#""true""#), "bearer_token.inactive"),
        of(INTROSPECTION, "`active` 1", set("active", "1"), "bearer_token.inactive"),
        of(INTROSPECTION, "`exp` missing", set("exp", ""), "bearer_token.expired"),
        of(INTROSPECTION, "`exp` as text", set("exp", r#""4000000000""#), "bearer_token.expired"),
        of(INTROSPECTION, "`exp` below all numbers", set("exp", "-9223372036854775808"), "bearer_token.expired"),
        of(INTROSPECTION, "`sub` a number", set("sub", "7"), "bearer_token.invalid_sub"),
        of(INTROSPECTION, "`client_id` of another", set("client_id", r#""other""#), "bearer_token.invalid_client_id"),
        of(INTROSPECTION, "`token_type` missing", set("token_type", ""), "bearer_token.inactive"),
        of(INTROSPECTION, "`aud` a number", set("aud", "7"), "bearer_token.invalid_aud"),
    ];
    let unexpected = "unexpected_response_error";
    let token = |name, spoil, code| of(TOKEN, name, spoil, code);
    rows.extend([
        token("`token_type` mac", set("token_type", r#""mac""#), unexpected),
        token("`token_type` missing", set("token_type", ""), unexpected),
        token("`access_token` missing", set("access_token", ""), unexpected),
        token("`access_token` empty", set("access_token", r#""""#), unexpected),
        token("`access_token` with line breaks", set("access_token", r#""a\r\nset-cookie: b""#), unexpected),
        token("`access_token` of other letters", set("access_token", r#""\u00e9""#), unexpected),
        token("`access_token` an object", set("access_token", "{}"), unexpected),
        token("`access_token` of 500 kB", bodies::long_access_token(), "served"),
        token("`refresh_token` a number", set("refresh_token", "7"), unexpected),
        token("`refresh_token` null", set("refresh_token", "null"), "served"),
        token("`refresh_token` empty", set("refresh_token", r#""""#), "served"),
        token("`id_token` null", set("id_token", "null"), "served"),
        token("`id_token` empty", set("id_token", r#""""#), "id_token.invalid_token"),
        token("`id_token` garbage", set("id_token", r#""a.b.c""#), "id_token.invalid_token"),
        token("`scope` a number", set("scope", "7"), unexpected),
        token("`expires_in` missing", set("expires_in", ""), "served"),
        token("`expires_in` null", set("expires_in", "null"), "served"),
        token("`expires_in` as text", set("expires_in", r#""3600""#), "served"),
        token("`expires_in` -5", set("expires_in", "-5"), "served"),
        token("`expires_in` half a second", set("expires_in", "0.5"), "served"),
        token("`expires_in` of 19 digits", set("expires_in", "9223372036854775807"), "served"),
        token("`expires_in` of 30 digits", set("expires_in", "999999999999999999999999999999"), "served"),
        token("`expires_in` 1e999", set("expires_in", "1e999"), unexpected),
    ]);
    rows
}
