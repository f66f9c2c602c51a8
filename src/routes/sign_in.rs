//! The routes that begin a sign-in. What they are asked for comes from an address that anyone can write.

use std::{collections::BTreeMap, time::Duration};

use super::{AuthRequest, asked_by, one_time_token};
use crate::{
    client::{LogtoClient, RequestSession},
    error::{Code, Error, ErrorKind, Result},
    response::AuthResponse,
    types::{FirstScreen, SignInOptions},
};

pub(super) async fn begin(
    logto: &LogtoClient,
    request: &AuthRequest,
    session: &RequestSession,
    screen: Option<FirstScreen>,
) -> Result<AuthResponse> {
    asked_by::check_destination(logto, request)?;
    let (mut options, mut read) = (SignInOptions::new(), BTreeMap::new());
    // RFC 6749 section 3.1: a parameter without a value counts as left out.
    for (name, value) in request.query().filter(|(_, value)| !value.is_empty()) {
        let asked = value.clone();
        options = match name.as_str() {
            "return_to" => {
                one_time_token::check_return_to(logto, &value)?;
                options.post_redirect_uri(value)
            }
            "direct_sign_in" => options.direct_sign_in(value.parse().map_err(wrong)?),
            "first_screen" => options.first_screen(value.parse().map_err(wrong)?),
            "login_hint" => options.login_hint(value),
            "organization_id" => options.organization_id(value),
            "one_time_token" => options.one_time_token(value),
            "ui_locales" => options.ui_locales(value),
            "silent" => options.silent(value == "true"),
            "max_age" => options.max_age(seconds(&value)?),
            "acr_values" => options.acr_values([value]),
            _ => continue,
        };
        // Of several the last counts.
        read.insert(name, asked);
    }
    if let Some(screen) = screen {
        options = options.first_screen(screen);
    }
    if let Some(page) = one_time_token::asks_first(logto, request, &options, &read) {
        return Ok(page);
    }
    if let Some(page) = asked_by::confirms(logto, request, &options, &read)? {
        return Ok(page);
    }
    options.from_another_site = request.is_from_another_site();
    Ok(request.follow(&session.sign_in(options).await.map_err(wrong)?))
}

fn seconds(text: &str) -> Result<Duration> {
    let seconds = text.parse().map_err(|_| Error::new(Code::InvalidParameter, "max_age is not a number of seconds"))?;
    Ok(Duration::from_secs(seconds))
}

/// Every option came from the address, so one that cannot be served is its author's mistake and not the application's.
fn wrong(error: Error) -> Error {
    match error.kind() {
        ErrorKind::Usage if error.is(Code::InvalidOption) => {
            Error::new(Code::InvalidParameter, "the address asks for a sign-in that cannot be").caused_by(error)
        }
        _ => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_wrong_option_is_the_mistake_of_the_address() {
        assert!(wrong(Error::new(Code::InvalidOption, "first_screen")).is(Code::InvalidParameter));
        for code in [Code::Randomness, Code::SessionCommitted, Code::Unreachable] {
            assert!(wrong(Error::new(code, "not of the address")).is(code), "{code:?}");
        }
    }
}
