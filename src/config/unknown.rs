//! Variables that look like settings and are none.

/// Those that `env` reads.
const KNOWN: [&str; 53] = [
    "LOGTO_ACCEPTED_ALGORITHMS",
    "LOGTO_ACCEPTED_ISSUERS",
    "LOGTO_AFTER_SIGN_IN",
    "LOGTO_AFTER_SIGN_OUT",
    "LOGTO_ALLOWED_RETURN_ORIGINS",
    "LOGTO_ALLOW_INSECURE_ENDPOINT",
    "LOGTO_APP_ID",
    "LOGTO_APP_SECRET",
    "LOGTO_BASE_URL",
    "LOGTO_CLAIMS_MAX_AGE",
    "LOGTO_CLEAR_SITE_DATA",
    "LOGTO_CONFIRM_CROSS_SITE_SIGN_IN",
    "LOGTO_COOKIE_DOMAIN",
    "LOGTO_COOKIE_NAME",
    "LOGTO_COOKIE_PARTITIONED",
    "LOGTO_COOKIE_PATH",
    "LOGTO_COOKIE_SAME_SITE",
    "LOGTO_COOKIE_SECRET",
    "LOGTO_COOKIE_SECURE",
    "LOGTO_COOKIE_SESSION_ONLY",
    "LOGTO_ENDPOINT",
    "LOGTO_FROM_NEXT_UNTIL",
    "LOGTO_FURTHER_BASE_URLS",
    "LOGTO_HOST_HEADER",
    "LOGTO_ID_TOKEN_HINT",
    "LOGTO_ID_TOKEN_SIGNED_RESPONSE_ALG",
    "LOGTO_INCLUDE_RESERVED_SCOPES",
    "LOGTO_INTERNAL_ENDPOINT",
    "LOGTO_ISSUER",
    "LOGTO_LEEWAY",
    "LOGTO_MANAGEMENT_APP_ID",
    "LOGTO_MANAGEMENT_APP_SECRET",
    "LOGTO_MANAGEMENT_RESOURCE",
    "LOGTO_MAX_SESSIONS_PER_USER",
    "LOGTO_PREVIOUS_COOKIE_NAMES",
    "LOGTO_PREVIOUS_COOKIE_SECRETS",
    "LOGTO_PROMPT",
    "LOGTO_PUSHED_AUTHORIZATION_REQUESTS",
    "LOGTO_REAUTHENTICATE_AFTER_TIMEOUT",
    "LOGTO_REQUIRE_REVOCATION_STORE",
    "LOGTO_RESOURCES",
    "LOGTO_RESPONSE_MODE",
    "LOGTO_SCOPES",
    "LOGTO_SESSION_ABSOLUTE",
    "LOGTO_SESSION_FORMAT",
    "LOGTO_SESSION_IDLE",
    "LOGTO_SIGN_IN_PAGE",
    "LOGTO_SIGN_IN_TIMEOUT",
    "LOGTO_STORE_TIMEOUT",
    "LOGTO_STRICT",
    "LOGTO_TIMEOUT",
    "LOGTO_TRUSTED_AUDIENCES",
    "LOGTO_USER_ROUTE_CLAIMS",
];

/// Names of OAuth 2.0, which are not similar to the setting's name.
const OTHER_NAMES: [(&str, &str); 2] =
    [("LOGTO_CLIENT_ID", "LOGTO_APP_ID"), ("LOGTO_CLIENT_SECRET", "LOGTO_APP_SECRET")];

/// As many letters may be wrong, missing or too many, and no more than a third of those behind `LOGTO_`: `LOGTO_PORT` is no `LOGTO_PROMPT`.
const MAX_EDIT_DISTANCE: usize = 3;

/// Warns of each variable that is no setting and has a name like one. Names alone are told, never values.
pub(super) fn warn<'a>(names: impl Iterator<Item = &'a str>) {
    for name in names.filter(|name| !KNOWN.contains(name)) {
        if let Some(meant) = nearest(name) {
            tracing::warn!(target: "logto::config", "{name} is no setting and has no effect: did you mean {meant}?");
        } else {
            tracing::info!(target: "logto::config", "{name} is no setting of this crate");
        }
    }
}

fn nearest(name: &str) -> Option<&'static str> {
    let other = OTHER_NAMES.iter().find(|(other, _)| *other == name).map(|(_, meant)| *meant);
    other.or_else(|| {
        let by_distance = KNOWN.iter().map(|known| (distance(name, known), *known));
        let allowed = |known: &str| (known.len().saturating_sub("LOGTO_".len()) / 3).min(MAX_EDIT_DISTANCE);
        by_distance.filter(|(distance, known)| *distance <= allowed(known)).min().map(|(_, known)| known)
    })
}

/// How many letters have to be changed, added or taken out (Levenshtein). Names of environments are short.
fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (index, letter) in from.chars().enumerate() {
        let mut next = vec![index + 1];
        for (other, pair) in to.iter().zip(row.windows(2)) {
            let (replaced, added) = match pair {
                [before, above] => (before + usize::from(letter != *other), above + 1),
                _ => (usize::MAX, usize::MAX),
            };
            let taken_out = next.last().map_or(usize::MAX, |left| left + 1);
            next.push(replaced.min(added).min(taken_out));
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_known_variables_are_those_that_are_read() {
        // Those of the Management API are read by its own builder.
        let sources = concat!(include_str!("env.rs"), include_str!("../management/builder.rs"));
        let read = sources.split('"').filter(|word| {
            word.starts_with("LOGTO_")
                && word.len() > 6
                && word.bytes().all(|byte| byte == b'_' || byte.is_ascii_uppercase())
        });
        assert_eq!(read.collect::<BTreeSet<_>>(), KNOWN.into_iter().collect());
    }

    #[test]
    fn a_variable_with_a_mistake_in_its_name_is_told_with_the_one_that_was_meant() {
        for known in KNOWN {
            let mistakes = [
                known.trim_end_matches('S').to_owned(),
                format!("{known}S"),
                known.replacen('E', "", 1),
                known.replace("LOGTO_", "LOGTO__"),
            ];
            for name in mistakes.iter().filter(|name| !KNOWN.contains(&name.as_str())) {
                assert_eq!(nearest(name), Some(known), "{name}");
            }
        }
        for (name, meant) in [
            ("LOGTO_SCOPE", Some("LOGTO_SCOPES")),
            ("LOGTO_RESOURCE", Some("LOGTO_RESOURCES")),
            ("LOGTO_CLIENT_SECRET", Some("LOGTO_APP_SECRET")),
            ("LOGTO_ENDPIONT", Some("LOGTO_ENDPOINT")),
            ("LOGTO_ISUER", Some("LOGTO_ISSUER")),
            ("LOGTO_APPID", Some("LOGTO_APP_ID")),
            ("LOGTO_WEBHOOK_SIGNING_KEY", None),
            ("LOGTO_PORT", None),
            ("LOGTO_HOST", None),
            ("LOGTO_URL", None),
            ("LOGTO_", None),
        ] {
            assert_eq!(nearest(name), meant, "{name}");
        }
    }

    #[test]
    fn the_distance_of_two_names_counts_letters() {
        for (from, to, letters) in
            [("", "", 0), ("", "abc", 3), ("abc", "", 3), ("kitten", "sitting", 3), ("ab", "ba", 2)]
        {
            assert_eq!(distance(from, to), letters, "{from} {to}");
        }
    }
}
