//! One thing that is wrong with a configuration.

use std::fmt;

/// One thing that is wrong with a configuration, of those that [`Error::config_problems`](crate::Error::config_problems) gives.
///
/// `Display` is the sentence of the error's message. An application whose settings have names of their own says it with them:
///
/// ```
/// use logto::LogtoConfig;
///
/// let error = LogtoConfig::builder().base_url("localhost:3000").build().unwrap_err();
/// let own_name = |setting: &str| match setting {
///     "base_url" => "PUBLIC_URL".to_owned(),
///     other => format!("oidc.{other}"),
/// };
/// let lines: Vec<_> =
///     error.config_problems().iter().map(|problem| format!("{} {}", own_name(problem.setting()), problem.problem())).collect();
/// assert_eq!(lines[2], "PUBLIC_URL is not a URL");
/// assert_eq!(error.config_problems()[2].advice(), Some("it begins with https:// or http://"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigProblem {
    setting: &'static str,
    text: String,
}

impl ConfigProblem {
    /// A sentence "what (what to do)". It begins with the name of the setting, but for an item of a list or a variable.
    pub(crate) fn new(setting: &'static str, text: String) -> Self {
        Self { setting, text }
    }

    /// Which setting it is about: the name of its method and its member for serde, such as `cookie_secret` or `routes.callback`.
    #[must_use]
    pub fn setting(&self) -> &'static str {
        self.setting
    }

    /// What is wrong, in English, to be read after the name of the setting: `is missing`. Of one item of a list, and of a variable of the
    /// environment, it is a whole sentence.
    #[must_use]
    pub fn problem(&self) -> &str {
        let (problem, _) = self.parts();
        problem.strip_prefix(self.setting).map_or(problem, str::trim_start)
    }

    /// What to do about it, in English. It may name the variable of the environment that this crate reads.
    #[must_use]
    pub fn advice(&self) -> Option<&str> {
        self.parts().1
    }

    fn parts(&self) -> (&str, Option<&str>) {
        let advised = self.text.strip_suffix(')').and_then(|text| text.split_once(" ("));
        advised.map_or((self.text.as_str(), None), |(problem, advice)| (problem, Some(advice)))
    }
}

impl fmt::Display for ConfigProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
