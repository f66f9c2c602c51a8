//! `Accept` (RFC 9110 section 12.5.1).

/// How much of a whole one media type is wanted, in thousandths; 0 where the header does not name it, or says that it is not wanted (`q=0`). Ranges such
/// as `*/*` name none: programs send them that show nothing.
pub(super) fn weight(accept: &str, media_type: &str) -> u16 {
    let named = accept.split(',').filter_map(|range| {
        let (name, parameters) = range.split_once(';').unwrap_or((range, ""));
        name.trim().eq_ignore_ascii_case(media_type).then(|| quality(parameters))
    });
    named.max().unwrap_or_default()
}

/// The weight among the parameters (section 12.4.2). One that is none counts as left out.
fn quality(parameters: &str) -> u16 {
    let weight = parameters.split(';').filter_map(|parameter| parameter.split_once('='));
    let mut weight = weight.filter(|(name, _)| name.trim().eq_ignore_ascii_case("q")).map(|(_, value)| value.trim());
    weight.next().and_then(thousandths).unwrap_or(1000)
}

fn thousandths(value: &str) -> Option<u16> {
    let (whole, fraction) = value.split_once('.').unwrap_or((value, ""));
    let digits = fraction.len() <= 3 && fraction.bytes().all(|byte| byte.is_ascii_digit());
    let fraction: u16 = format!("{fraction:0<3}").parse().ok().filter(|_| digits)?;
    match whole {
        "0" => Some(fraction),
        "1" if fraction == 0 => Some(1000),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::weight;

    #[test]
    fn a_weight_is_read_as_it_is_written() {
        for (accept, expected) in [
            ("text/html", 1000),
            ("TEXT/HTML", 1000),
            ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", 1000),
            ("application/json, text/html;q=0.5", 500),
            ("text/html ; charset=utf-8 ; Q = 0.25", 250),
            ("text/html;q=1.000", 1000),
            ("text/html;q=0.001", 1),
            // Not wanted.
            ("text/html;q=0", 0),
            ("text/html; q=0.0", 0),
            ("text/html;q=0.000, */*", 0),
            ("*/*", 0),
            ("text/*", 0),
            ("text/htmlx, x-text/html", 0),
            ("", 0),
            // No weight.
            ("text/html;q=", 1000),
            ("text/html;q=no", 1000),
            ("text/html;q=2", 1000),
            ("text/html;q=-1", 1000),
            ("text/html;q=0.0001", 1000),
            ("text/html;q", 1000),
            // Named twice.
            ("text/html;q=0, text/html;q=0.3", 300),
        ] {
            assert_eq!(weight(accept, "text/html"), expected, "{accept}");
        }
    }
}
