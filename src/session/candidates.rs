//! Which cookies of one name are tried, where a browser sends several.

/// Values of one name that are looked at. Honest browsers send one, or two or three where another application or path has set the name, too.
const MAX_VALUES: usize = 8;

/// The values of a name among cookies, given as (name, value), each once. Browsers send cookies of a longer path first, which ours never
/// are: the last ones are the likelier ones.
pub(super) fn values<'a>(
    cookies: &'a [(String, String)],
    name: &str,
    is_wanted: impl Fn(&str) -> bool,
) -> Vec<&'a str> {
    let mut values: Vec<&str> = Vec::new();
    for (_, value) in cookies.iter().rev().filter(|(found, value)| found == name && is_wanted(value)) {
        if values.len() < MAX_VALUES && !values.contains(&value.as_str()) {
            values.push(value);
        }
    }
    values
}
