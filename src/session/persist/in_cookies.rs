//! A session in the cookies themselves.

use std::mem;

use cookie::Cookie;

use crate::{
    error::{Error, Result},
    session::{
        chunks,
        compress::CompressionLevel,
        data::SessionData,
        largest,
        limits::{MAX_CHUNKS, MAX_COOKIE_BYTES},
        settings::CookieSettings,
        wire,
    },
};

/// Bytes of a cookie's value up to which a few more are worth less than the time to save them. Every request carries them.
const COMPRESSION_THRESHOLD_BYTES: usize = 2048;

/// The cookies that hold a session: as few and as small as is worth the time.
pub(super) fn write(settings: &CookieSettings, mut data: SessionData, now: i64) -> Result<Vec<Cookie<'static>>> {
    data.revision = data.revision.saturating_add(1);
    data.touched_at = now;
    data.access_tokens.retain(|token| token.expires_at > now);
    let fast = seal(settings, &data, CompressionLevel::Fast)?.unwrap_or_default();
    if let [cookie] = fast.as_slice()
        && cookie.value().len() <= COMPRESSION_THRESHOLD_BYTES
    {
        return Ok(fast);
    }
    if let Some(cookies) = seal(settings, &data, CompressionLevel::Small)? {
        return Ok(cookies);
    }
    // An access token can be had again with the refresh token; the user's session cannot.
    let fitting = if data.refresh_token.is_some() { with_newest_access_tokens(settings, &mut data)? } else { None };
    fitting.ok_or_else(|| too_large(&data))
}

/// With as many of the newest access tokens as fit: found by halves, for each attempt packs them all.
fn with_newest_access_tokens(
    settings: &CookieSettings,
    data: &mut SessionData,
) -> Result<Option<Vec<Cookie<'static>>>> {
    let tokens = mem::take(&mut data.access_tokens);
    let (mut least, mut most, mut fitting) = (1, tokens.len(), None);
    while least <= most {
        let dropped = usize::midpoint(least, most);
        data.access_tokens = tokens.iter().skip(dropped).cloned().collect();
        match seal(settings, data, CompressionLevel::Small)? {
            Some(cookies) => (fitting, most) = (Some(cookies), dropped - 1),
            None => least = dropped + 1,
        }
    }
    Ok(fitting)
}

/// `None` where the cookies that a session may take do not hold it.
fn seal(
    settings: &CookieSettings,
    data: &SessionData,
    level: CompressionLevel,
) -> Result<Option<Vec<Cookie<'static>>>> {
    let max_age = settings.lifetime.ends_at(data.created_at, data.touched_at).saturating_sub(data.touched_at);
    let sealed = settings.keys.seal(settings.own.session_name(), &wire::write(data, level)?)?;
    Ok(chunks::split(&settings.own, &sealed, max_age))
}

fn too_large(data: &SessionData) -> Error {
    largest::too_large(data, &format!("{MAX_CHUNKS} cookies of {MAX_COOKIE_BYTES} bytes"))
}
