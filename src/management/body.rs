//! Bodies of requests: the members that were set, and no others.

/// Makes a body with a setter for each member:
///
/// - `text name "member";` takes a text, `texts` several, `flag` a bool, `number` a whole one, `time` a time (milliseconds since 1970), `json` an
///   object, `value(Type)` what serde writes as JSON, and `secret` a `Secret`.
/// - `text name | no_name "member";` adds a setter for `null`.
///
/// `Debug` prints the names of the members, for the values may name people or be secrets.
macro_rules! body {
    (
        $(#[$about:meta])*
        $name:ident;
        $( $(#[$doc:meta])* $kind:ident $(($type:ty))? $setter:ident $(| $(#[$no_doc:meta])* $unset:ident)? $member:literal; )*
    ) => {
        $(#[$about])*
        #[derive(Clone, PartialEq, Default, serde::Serialize)]
        #[serde(transparent)]
        #[must_use]
        pub struct $name {
            members: serde_json::Map<String, serde_json::Value>,
        }

        impl $name {
            /// Returns a body without members.
            pub fn new() -> Self {
                Self::default()
            }

            $(
                $crate::management::body::setter!($(#[$doc])* $kind $(($type))? $setter $member);
                $(
                    $(#[$no_doc])*
                    pub fn $unset(self) -> Self {
                        self.with($member, serde_json::Value::Null)
                    }
                )?
            )*

            fn with(mut self, member: &str, value: impl Into<serde_json::Value>) -> Self {
                self.members.insert(member.to_owned(), value.into());
                self
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_tuple(stringify!($name)).field(&self.members.keys().collect::<Vec<_>>()).finish()
            }
        }
    };
}

macro_rules! setter {
    ($(#[$doc:meta])* text $setter:ident $member:literal) => {
        $(#[$doc])*
        pub fn $setter(self, text: impl Into<String>) -> Self {
            self.with($member, text.into())
        }
    };
    ($(#[$doc:meta])* texts $setter:ident $member:literal) => {
        $(#[$doc])*
        pub fn $setter<S: Into<String>>(self, texts: impl IntoIterator<Item = S>) -> Self {
            self.with($member, texts.into_iter().map(Into::into).collect::<Vec<String>>())
        }
    };
    ($(#[$doc:meta])* flag $setter:ident $member:literal) => {
        $(#[$doc])*
        pub fn $setter(self, yes: bool) -> Self {
            self.with($member, yes)
        }
    };
    ($(#[$doc:meta])* number $setter:ident $member:literal) => {
        $(#[$doc])*
        pub fn $setter(self, number: u64) -> Self {
            self.with($member, number)
        }
    };
    ($(#[$doc:meta])* time $setter:ident $member:literal) => {
        $(#[$doc])*
        pub fn $setter(self, time: std::time::SystemTime) -> Self {
            self.with($member, $crate::management::body::milliseconds(time))
        }
    };
    ($(#[$doc:meta])* json $setter:ident $member:literal) => {
        $(#[$doc])*
        pub fn $setter(self, members: serde_json::Map<String, serde_json::Value>) -> Self {
            self.with($member, members)
        }
    };
    ($(#[$doc:meta])* value($type:ty) $setter:ident $member:literal) => {
        $(#[$doc])*
        pub fn $setter(self, value: $type) -> Self {
            self.with($member, $crate::management::body::json(value))
        }
    };
    ($(#[$doc:meta])* secret $setter:ident $member:literal) => {
        $(#[$doc])*
        pub fn $setter(self, secret: impl Into<$crate::secret::Secret>) -> Self {
            self.with($member, secret.into().expose())
        }
    };
}

pub(super) use body;
pub(super) use setter;

/// Milliseconds since 1970.
pub(super) fn milliseconds(time: std::time::SystemTime) -> u64 {
    let since = time.duration_since(std::time::SystemTime::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// The value as JSON. `null` for what has no form as JSON, which none of our types is.
pub(super) fn json(value: impl serde::Serialize) -> serde_json::Value {
    serde_json::to_value(value).unwrap_or_default()
}

/// Ids of any kind, as a body has them.
pub(super) fn texts<S: AsRef<str>>(texts: impl IntoIterator<Item = S>) -> Vec<String> {
    texts.into_iter().map(|text| text.as_ref().to_owned()).collect()
}
