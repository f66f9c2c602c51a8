//! Options that are one word each: in a request to Logto, in a setting, in an environment variable.

use crate::error::{Code, Error};

/// `as_str`, `Display` and `FromStr` of an option. `$name` is what its parameter or setting is called.
macro_rules! words {
    ($option:ident is $name:literal: $($variant:ident = $word:literal,)*) => {
        impl $option {
            /// All of them, for the test that reads back what is written.
            #[cfg(test)]
            pub(crate) const ALL: &[Self] = &[$(Self::$variant),*];

            /// Returns the word for it, which [`FromStr`](std::str::FromStr) reads.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),* }
            }
        }

        impl std::fmt::Display for $option {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl std::str::FromStr for $option {
            type Err = $crate::error::Error;

            fn from_str(text: &str) -> Result<Self, $crate::error::Error> {
                match text {
                    $($word => Ok(Self::$variant),)*
                    _ => Err($crate::types::unknown_word($name, &[$($word),*])),
                }
            }
        }
    };
}

pub(crate) use words;

/// The error for a text that is none of `words`.
pub(crate) fn unknown_word(name: &str, words: &[&str]) -> Error {
    let words: Vec<_> = words.iter().map(|word| format!("`{word}`")).collect();
    let list = match words.as_slice() {
        [others @ .., last] if !others.is_empty() => format!("{} or {last}", others.join(", ")),
        words => words.concat(),
    };
    Error::new(Code::InvalidOption, format!("{name} is {list}"))
}
