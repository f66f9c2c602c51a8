//! A picture of the user, as a file.

use std::fmt::Write;

use serde::Deserialize;

use super::{Account, operation::Operation};
use crate::{
    clock::random_bytes,
    error::{Code, Error, Result},
    logto_api::{ApiBody, ApiPath},
    scopes,
};

#[derive(Deserialize)]
struct Uploaded {
    url: String,
}

impl Account {
    /// Uploads a picture and gives its address, which [`UserUpdate::avatar`](super::UserUpdate::avatar) takes. Logto says which types and sizes it takes.
    ///
    /// # Errors
    /// `account.not_set_up` where Logto has no storage; `account.value_refused` for a file that is too large or of another type;
    /// `options.invalid` for what is no media type. See also [`Account`].
    pub async fn upload_avatar(&self, file_name: &str, media_type: &str, bytes: &[u8]) -> Result<String> {
        let body = multipart(file_name, media_type, bytes).map_err(|error| self.access.failed(error))?;
        let operation = Operation::post(ApiPath::new("my-account/user-assets/avatar"), "upload a picture")
            .scope(scopes::PROFILE)
            .field("avatar")
            .body(body);
        Ok(self.access.read::<Uploaded>(operation).await?.url)
    }
}

/// One file as a form (RFC 7578).
fn multipart(file_name: &str, media_type: &str, bytes: &[u8]) -> Result<ApiBody> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '-' | '+' | '.' | '_');
    if !media_type.contains('/') || !media_type.chars().all(is_plain) {
        return Err(Error::new(Code::InvalidOption, "the media type of the picture is none"));
    }
    // What a header could end at or be quoted by is left out of the name.
    let safe = |c: char| if c.is_alphanumeric() || matches!(c, '.' | '-' | '_') { c } else { '_' };
    let file_name: String = file_name.chars().take(100).map(safe).collect();
    let boundary = random_bytes::<16>()?.iter().fold(String::from("logto-"), |mut text, byte| {
        // Writing to a string does not fail.
        _ = write!(text, "{byte:02x}");
        text
    });
    let head = format!(
        "--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{file_name}\"\r\nContent-Type: {media_type}\r\n\r\n"
    );
    let body = [head.as_bytes(), bytes, format!("\r\n--{boundary}--\r\n").as_bytes()].concat();
    Ok(ApiBody::Other(format!("multipart/form-data; boundary={boundary}"), body))
}
