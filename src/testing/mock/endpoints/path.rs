//! Paths with places for values.

use url::form_urlencoded;

use crate::testing::mock::messages::request::RecordedRequest;

/// The values in a path, by the names of their places.
pub(crate) type Params = Vec<(&'static str, String)>;

/// The values in the places that begin with `:`, decoded, if the request's path is this one below `/api`.
pub(crate) fn params(request: &RecordedRequest, route: &'static str) -> Option<Params> {
    let mut params = Params::new();
    let mut segments = request.path().strip_prefix("/api/")?.split('/');
    for expected in route.split('/') {
        match (expected.strip_prefix(':'), segments.next()?) {
            (Some(_), "") => return None,
            (Some(name), segment) => params.push((name, decoded(segment))),
            (None, segment) if expected == segment => {}
            (None, _) => return None,
        }
    }
    segments.next().is_none().then_some(params)
}

/// A path has percent-encoding as forms have, but for the plus sign.
fn decoded(segment: &str) -> String {
    let segment = segment.replace('+', "%2B").replace('&', "%26").replace('=', "%3D");
    form_urlencoded::parse(segment.as_bytes()).next().map(|(name, _)| name.into_owned()).unwrap_or_default()
}
