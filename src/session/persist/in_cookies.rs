//! A session in the cookies themselves.

use std::mem;

use cookie::Cookie;

use super::whole;
use crate::{
    error::{Error, Result},
    session::{
        chunks,
        compress::CompressionLevel,
        data::{SessionData, SessionHead},
        largest,
        lazy::LazySession,
        limits::{MAX_CHUNKS, MAX_COOKIE_BYTES},
        settings::CookieSettings,
        wire,
    },
};

/// Bytes of a cookie's value up to which a few more are worth less than the time to save them. Every request carries them.
const COMPRESSION_THRESHOLD_BYTES: usize = 2048;

/// The cookies that hold a session. One that was not changed is sealed again as it is; another one is packed again.
pub(super) fn write(settings: &CookieSettings, data: LazySession, now: i64) -> Result<Vec<Cookie<'static>>> {
    if let Some(touched) = data.touched(now)
        && let Some(cookies) = seal(settings, &touched.head, &touched.bytes)?
        && (touched.is_small || is_small_enough(&cookies))
    {
        return Ok(cookies);
    }
    pack(settings, whole(data)?, now)
}

/// The cookies that hold a session: as few and as small as is worth the time.
fn pack(settings: &CookieSettings, mut data: SessionData, now: i64) -> Result<Vec<Cookie<'static>>> {
    data.revision = data.revision.saturating_add(1);
    data.touched_at = now;
    data.access_tokens.retain(|token| token.expires_at > now);
    let fast = seal_packed(settings, &data, CompressionLevel::Fast)?.unwrap_or_default();
    if is_small_enough(&fast) {
        return Ok(fast);
    }
    if let Some(cookies) = seal_packed(settings, &data, CompressionLevel::Small)? {
        return Ok(cookies);
    }
    // An access token can be requested again with the refresh token; the user's session cannot.
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
        match seal_packed(settings, data, CompressionLevel::Small)? {
            Some(cookies) => (fitting, most) = (Some(cookies), dropped - 1),
            None => least = dropped + 1,
        }
    }
    Ok(fitting)
}

/// Whether to compress further saves too few bytes.
fn is_small_enough(cookies: &[Cookie<'static>]) -> bool {
    matches!(cookies, [cookie] if cookie.value().len() <= COMPRESSION_THRESHOLD_BYTES)
}

/// `None` where the cookies that a session may take do not hold it.
fn seal_packed(
    settings: &CookieSettings,
    data: &SessionData,
    level: CompressionLevel,
) -> Result<Option<Vec<Cookie<'static>>>> {
    seal(settings, data, &wire::write(data, level)?)
}

fn seal(settings: &CookieSettings, head: &SessionHead, bytes: &[u8]) -> Result<Option<Vec<Cookie<'static>>>> {
    let max_age = settings.lifetime.ends_at(head.created_at, head.touched_at).saturating_sub(head.touched_at);
    let sealed = settings.keys.seal(settings.own.session_name(), bytes)?;
    Ok(chunks::split(&settings.own, &sealed, max_age))
}

fn too_large(data: &SessionData) -> Error {
    largest::too_large(data, &format!("{MAX_CHUNKS} cookies of {MAX_COOKIE_BYTES} bytes"))
}
