//! What `WWW-Authenticate` says about a token that was refused (RFC 9110 section 11.6.1, RFC 6750 section 3).

use http::{HeaderMap, header::WWW_AUTHENTICATE};

use crate::types::www_authenticate::{Challenge, challenges};

/// Whether another token may help: no bearer challenge names an error but `invalid_token`.
///
/// A header that cannot be read names none. At worst that costs one more request.
pub(super) fn is_about_the_token(headers: &HeaderMap) -> bool {
    let values = headers.get_all(WWW_AUTHENTICATE).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(errors).all(|error| error == "invalid_token")
}

/// The `error` of each bearer challenge in a header.
fn errors(header: &str) -> Vec<String> {
    let bearer = challenges(header).into_iter().filter(Challenge::is_bearer);
    bearer.flat_map(|challenge| challenge.all("error").map(str::to_owned).collect::<Vec<_>>()).collect()
}

#[cfg(test)]
mod tests;
