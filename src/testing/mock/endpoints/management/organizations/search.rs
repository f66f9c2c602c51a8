//! Search by the parameter `q`.

use super::Call;

/// Whether one of the texts has the words of `q` in it, in letters of either case. Without `q`, all are found.
pub(super) fn is_found(call: &Call<'_>, texts: &[Option<&str>]) -> bool {
    let words = call.request.query_value("q").filter(|words| !words.is_empty()).map(str::to_lowercase);
    words.is_none_or(|words| texts.iter().flatten().any(|text| text.to_lowercase().contains(&words)))
}
