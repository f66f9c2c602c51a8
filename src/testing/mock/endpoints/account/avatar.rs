//! A picture of the user, uploaded.

use bytes::Bytes;
use serde_json::json;

use super::{
    call::{Call, must_edit, require},
    guard::invalid_input,
    refusal::{Answer, refusal},
};
use crate::testing::mock::{
    messages::{reply::Reply, request::RecordedRequest},
    state::{State, account::Picture, ids::short_id},
};

/// Logto's limit.
const MAX: usize = 20 * 1024 * 1024;
/// How files of each kind begin and end.
const KINDS: &[(&str, &[u8], &[u8])] = &[
    ("image/jpeg", &[0xff, 0xd8, 0xff], &[0xff, 0xd9]),
    ("image/png", b"\x89PNG\r\n\x1a\n", b"IEND\xaeB`\x82"),
    ("image/gif", b"GIF8", b";"),
    ("image/bmp", b"BM", b""),
    ("image/webp", b"RIFF", b""),
];

/// POST `/api/my-account/user-assets/avatar`. The picture can be seen at the address that the answer has; the user has it once the address is
/// the user's `avatar`.
pub(crate) fn upload(state: &mut State, call: &Call<'_>) -> Answer {
    let Some((name, bytes)) = file(call.request) else {
        let issue = json!({
            "code": "invalid_type", "expected": "array", "received": "undefined", "path": ["file"], "message": "Required",
        });
        return Err(invalid_input("files", &[issue]));
    };
    call.must_have("profile", 401)?;
    call.must_be_of_first_party()?;
    must_edit(state, "avatar")?;
    require(bytes.len() <= MAX, || refusal(400, "guard.file_size_exceeded"))?;
    let kind = KINDS.iter().find(|(_, begin, end)| bytes.starts_with(begin) && bytes.ends_with(end));
    let (media_type, ..) = kind.ok_or_else(|| refusal(400, "guard.mime_type_not_allowed"))?;
    let path = format!("/user-assets/default/{}/{}-{}", call.user_id, short_id()?, harmless(&name));
    let url = format!("{}{path}", state.endpoint);
    state.account.pictures.insert(path, Picture { media_type, bytes });
    Ok(Reply::json(200, &json!({ "url": url })))
}

/// GET of a picture that was uploaded.
pub(crate) fn picture(state: &State, path: &str) -> Option<Reply> {
    let picture = state.account.pictures.get(path)?;
    Some(Reply::typed(200, picture.media_type, picture.bytes.clone()))
}

fn harmless(name: &str) -> String {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '.' | '-' | '_');
    let base = name.rsplit(['/', '\\']).next().unwrap_or_default();
    base.chars().take(128).map(|letter| if is_plain(letter) { letter } else { '-' }).collect()
}

/// Name and content of the part `file` (RFC 7578).
fn file(request: &RecordedRequest) -> Option<(String, Bytes)> {
    let kind = request.header("content-type").filter(|kind| kind.starts_with("multipart/form-data"))?;
    let boundary = format!("--{}", kind.split_once("boundary=")?.1.split(';').next()?.trim_matches('"'));
    let mut rest = request.body();
    loop {
        let begin = find(rest, boundary.as_bytes())?;
        let part = rest.get(begin.checked_add(boundary.len())?..)?.strip_prefix(b"\r\n")?;
        let head_end = find(part, b"\r\n\r\n")?;
        let head = String::from_utf8_lossy(part.get(..head_end)?).into_owned();
        let body = part.get(head_end.checked_add(4)?..)?;
        let end = find(body, format!("\r\n{boundary}").as_bytes())?;
        if let (true, Some(name)) = (head.contains("name=\"file\""), quoted(&head, "filename")) {
            return Some((name, Bytes::copy_from_slice(body.get(..end)?)));
        }
        rest = body.get(end..)?;
    }
}

fn quoted(head: &str, name: &str) -> Option<String> {
    head.split_once(&format!("{name}=\""))?.1.split('"').next().map(str::to_owned)
}

fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    text.windows(wanted.len()).position(|window| window == wanted)
}
