//! Settings as serde gives them. An error names the setting and what it should be, and never quotes what was there: it may be a secret.

use std::{fmt, time::Duration};

use serde::{
    Deserialize, Deserializer,
    de::{
        DeserializeSeed, Error, IntoDeserializer, MapAccess, Visitor,
        value::{Error as ValueError, MapAccessDeserializer},
    },
};

use super::{LogtoConfigBuilder, server::ServerSettings};

/// The settings of the server, which are apart from the others.
const OF_SERVER: [&str; 8] = [
    "endpoint",
    "issuer",
    "internal_endpoint",
    "accepted_issuers",
    "allow_insecure_endpoint",
    "leeway",
    "accepted_algorithms",
    "timeout",
];

impl<'de> Deserialize<'de> for LogtoConfigBuilder {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut is_map = false;
        let settings = deserializer.deserialize_map(Settings { is_map: &mut is_map });
        settings.map_err(|error| {
            if is_map { error } else { D::Error::custom("the settings are not a map of names and values") }
        })
    }
}

/// What a setting is, for the error about one that is something else.
fn expected(name: &str) -> &'static str {
    match name {
        "accepted_algorithms"
        | "accepted_issuers"
        | "allowed_return_origins"
        | "clear_site_data"
        | "further_base_urls"
        | "previous_cookie_names"
        | "previous_cookie_secrets"
        | "resources"
        | "scopes"
        | "trusted_audiences"
        | "user_route_claims" => "a list of texts",
        "allow_insecure_endpoint"
        | "confirm_cross_site_sign_in"
        | "cookie_partitioned"
        | "cookie_secure"
        | "cookie_session_only"
        | "id_token_hint"
        | "include_reserved_scopes"
        | "pushed_authorization_requests"
        | "reauthenticate_after_timeout"
        | "require_revocation_store"
        | "strict" => "true or false",
        "claims_max_age" => "a whole number of seconds, or `off`",
        "max_sessions_per_user" => "a whole number",
        "cookie_same_site" => "`lax`, `strict` or `none`",
        "from_next_until" => "a date like 2027-01-31",
        "leeway" | "sign_in_timeout" | "store_timeout" | "timeout" => "a whole number of seconds",
        "prompt" => "a list of `none`, `login` and `consent`",
        "response_mode" => "`query` or `form_post`",
        "routes" => {
            "a map of paths: sign_in, sign_up, callback, sign_out, user, back_channel_logout, initiate_login, each a text"
        }
        "session_format" => "`logto`, `next` or `from-next`",
        "session_lifetime" => "a map with `idle` and `absolute`, in whole seconds",
        _ => "text",
    }
}

struct Settings<'a> {
    /// Whether there was one at all. If not, the error is not ours, and quotes what was there.
    is_map: &'a mut bool,
}

impl<'de> Visitor<'de> for Settings<'_> {
    type Value = LogtoConfigBuilder;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map of names and values")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<LogtoConfigBuilder, A::Error> {
        *self.is_map = true;
        let mut server = ServerSettings::default();
        let others = Quiet { map, name: String::new(), server: &mut server, seen: Vec::new() };
        // The one that is derived, which reads the map's members.
        let mut builder = LogtoConfigBuilder::deserialize(MapAccessDeserializer::new(others))?;
        builder.server = server;
        Ok(builder)
    }
}

/// A map whose errors about a value name the setting alone. What is about the server goes there, and the others are its members.
struct Quiet<'a, A> {
    map: A,
    name: String,
    server: &'a mut ServerSettings,
    /// Which of [`OF_SERVER`] there were.
    seen: Vec<&'static str>,
}

impl<'de, A: MapAccess<'de>> Quiet<'_, A> {
    fn read_of_server(&mut self, member: &'static str) -> Result<(), A::Error> {
        if self.seen.contains(&member) {
            return Err(A::Error::duplicate_field(member));
        }
        self.seen.push(member);
        match member {
            "endpoint" => self.server.endpoint = self.next_value()?,
            "issuer" => self.server.issuer = self.next_value()?,
            "internal_endpoint" => self.server.internal_endpoint = self.next_value()?,
            "accepted_issuers" => self.server.accepted_issuers = Some(self.next_value()?),
            "allow_insecure_endpoint" => self.server.allow_insecure_endpoint = self.next_value()?,
            "leeway" => self.server.leeway = self.next_value()?,
            "accepted_algorithms" => self.server.accepted_algorithms = self.next_value()?,
            _ => self.server.timeout = self.next_value::<Option<u64>>()?.map(Duration::from_secs),
        }
        Ok(())
    }
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Quiet<'_, A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, A::Error> {
        loop {
            let name = self.map.next_key().map_err(|_| A::Error::custom("the name of a setting is not text"))?;
            let Some(name) = name else { return Ok(None) };
            self.name = name;
            let Some(member) = OF_SERVER.into_iter().find(|member| *member == self.name) else { break };
            self.read_of_server(member)?;
        }
        // An error lists the names that there are.
        let key = seed.deserialize(IntoDeserializer::<ValueError>::into_deserializer(self.name.as_str()));
        let all = |error| A::Error::custom(format_args!("{error}, `{}`", OF_SERVER.join("`, `")));
        key.map(Some).map_err(all)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, A::Error> {
        let name = &self.name;
        self.map.next_value_seed(seed).map_err(|_| A::Error::custom(format_args!("{name} is not {}", expected(name))))
    }

    fn size_hint(&self) -> Option<usize> {
        self.map.size_hint()
    }
}
