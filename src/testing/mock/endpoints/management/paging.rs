//! Pages of lists, with the header fields `Total-Number` and `Link`.

use url::form_urlencoded;

use super::Call;
use crate::testing::mock::{
    endpoints::account::refusal::{Answer, refusal},
    messages::{ordered::list, reply::Reply},
    state::State,
};

const SIZE: usize = 20;
const MAX_SIZE: usize = 100;

/// A list that pages, also where no page is asked for.
pub(crate) fn page(state: &State, call: &Call<'_>, items: impl IntoIterator<Item = String>) -> Answer {
    let (page, size) =
        (number(call, "page", usize::MAX)?.unwrap_or(1), number(call, "page_size", MAX_SIZE)?.unwrap_or(SIZE));
    let items: Vec<_> = items.into_iter().collect();
    let total = items.len();
    let last = total.div_ceil(size).max(1);
    let shown = items.into_iter().skip((page - 1).saturating_mul(size)).take(size);
    let links = [(1, "first"), (page - 1, "prev"), (last, "last"), (page.saturating_add(1), "next")];
    let reply = Reply::json_text(200, list(shown)).header("total-number", total.to_string());
    let there = links.into_iter().filter(|(to, rel)| match *rel {
        "prev" => *to > 0,
        "next" => *to <= last,
        _ => true,
    });
    Ok(there.fold(reply, |reply, (to, rel)| reply.header("link", link(state, call, to, rel))))
}

/// A list that pages only if a page or its size is asked for.
pub(crate) fn page_if_asked(state: &State, call: &Call<'_>, items: impl IntoIterator<Item = String>) -> Answer {
    let asked = |name| call.request.query_value(name).is_some_and(|value| !value.is_empty());
    if asked("page") || asked("page_size") { page(state, call, items) } else { Ok(Reply::json_text(200, list(items))) }
}

/// A number from 1 to the maximum. An empty parameter counts as missing.
fn number(call: &Call<'_>, name: &str, max: usize) -> Answer<Option<usize>> {
    let Some(text) = call.request.query_value(name).filter(|text| !text.is_empty()) else { return Ok(None) };
    let number = text.parse().ok().filter(|number| (1..=max).contains(number));
    number.map(Some).ok_or_else(|| refusal(400, "guard.invalid_pagination"))
}

/// The target lacks `/api`, so that following it leads to nothing: that is what Logto sends (`90-management/users/13-list.json`).
fn link(state: &State, call: &Call<'_>, page: usize, rel: &str) -> String {
    let page = page.to_string();
    let mut query = form_urlencoded::Serializer::new(String::new());
    let mut is_there = false;
    for (name, value) in call.request.query() {
        let is_page = name == "page";
        query.append_pair(name, if is_page { &page } else { value });
        is_there |= is_page;
    }
    if !is_there {
        query.append_pair("page", &page);
    }
    let path = call.request.path().strip_prefix("/api").unwrap_or_default();
    format!("<{}{path}?{}>; rel=\"{rel}\"", state.endpoint, query.finish())
}
