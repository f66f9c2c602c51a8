//! What the Console knows of an application, as a body gives it.

use serde_json::{Map, Value};
use url::Url;

use crate::testing::mock::{
    directory::{AppKind, MockApp},
    endpoints::account::{
        call::require,
        guard::{Change, Guard, Rule},
        refusal::{Answer, refusal},
    },
};

/// What an application can be.
pub(super) const TYPES: &[&str] = &["Native", "SPA", "Traditional", "MachineToMachine", "Protected", "SAML"];

/// A body that creates or changes an application.
#[derive(Debug)]
pub(super) struct Registration {
    name: Option<String>,
    description: Change,
    client: Option<Client>,
    metadata: Option<Map<String, Value>>,
    custom_data: Option<Map<String, Value>>,
    third_party: Option<bool>,
    /// Of a new one.
    native: Option<bool>,
}

/// `oidcClientMetadata`.
#[derive(Debug)]
struct Client {
    redirect_uris: Vec<String>,
    post_logout_redirect_uris: Vec<String>,
    backchannel_logout_uri: Option<String>,
    backchannel_session_required: Option<bool>,
    logo_uri: Option<String>,
}

impl Registration {
    /// A new application. No Protected App and no SAML application can be created here, as at a self-hosted Logto.
    pub(super) fn of_new(mut guard: Guard) -> Answer<(Self, AppKind)> {
        let name = guard.text("name", Rule::NotEmpty);
        let kind = guard.choice("type", TYPES);
        let third_party = guard.optional_bool("isThirdParty");
        let known = Self::read(guard)?;
        let metadata = known.metadata.clone().unwrap_or_default();
        let says = |name: &str| metadata.get(name) == Some(&Value::Bool(true));
        require(kind != "SAML", || refusal(400, "application.saml.use_saml_app_api"))?;
        require(kind == "Native" || !says("isDeviceFlow"), || refusal(422, "application.device_flow_native_only"))?;
        require(kind != "Protected", || refusal(501, "application.protected_app_not_configured"))?;
        if third_party == Some(true) {
            require(kind != "MachineToMachine", || refusal(400, "application.invalid_third_party_application_type"))?;
            require(!says("allowTokenExchange"), third_party_exchange)?;
        }
        let native = Some(kind == "Native");
        let kind = match kind.as_str() {
            "Native" | "SPA" => AppKind::Public,
            "MachineToMachine" => AppKind::Machine,
            _ => AppKind::Web,
        };
        Ok((Self { name: Some(name), third_party, native, ..known }, kind))
    }

    /// Changes of a known application.
    pub(super) fn of_known(mut guard: Guard) -> Answer<Self> {
        let name = guard.optional_text("name", Rule::NotEmpty);
        let known = Self::read(guard)?;
        Ok(Self { name, ..known })
    }

    fn read(mut guard: Guard) -> Answer<Self> {
        let description = guard.nullable_text("description", Rule::Any);
        let has_client = guard.members().contains_key("oidcClientMetadata");
        let client = if has_client { guard.nested("oidcClientMetadata", Client::read) } else { None };
        let metadata = guard.optional_object("customClientMetadata");
        let custom_data = guard.optional_object("customData");
        guard.finish()?;
        Ok(Self { name: None, description, client, metadata, custom_data, third_party: None, native: None })
    }

    /// Whether a known application can be so.
    pub(super) fn check(&self, app: &MockApp) -> Answer<()> {
        let Some(metadata) = &self.metadata else { return Ok(()) };
        let says = |name: &str| metadata.get(name) == Some(&Value::Bool(true));
        require(!app.third_party || !says("allowTokenExchange"), third_party_exchange)?;
        require(says("isDeviceFlow") == app.device_flow, || refusal(422, "application.device_flow_not_changeable"))
    }

    pub(super) fn apply(self, app: &mut MockApp) {
        if let Some(name) = self.name {
            app.name = name;
        }
        self.description.apply(&mut app.description);
        if let Some(client) = self.client {
            app.redirect_uris = client.redirect_uris;
            app.post_logout_redirect_uris = client.post_logout_redirect_uris;
            app.backchannel_logout_uri = client.backchannel_logout_uri;
            app.backchannel_session_required = client.backchannel_session_required.unwrap_or_default();
            app.logo_uri = client.logo_uri;
        }
        if let Some(metadata) = self.metadata {
            app.set_metadata(metadata);
        }
        app.custom_data = self.custom_data.unwrap_or_else(|| app.custom_data.clone());
        app.third_party = self.third_party.unwrap_or(app.third_party);
        app.native = self.native.unwrap_or(app.native);
    }
}

impl Client {
    fn read(guard: &mut Guard) -> Self {
        Self {
            redirect_uris: guard.texts_that("redirectUris", is_redirect_uri),
            post_logout_redirect_uris: guard.texts_that("postLogoutRedirectUris", is_redirect_uri),
            backchannel_logout_uri: guard.optional_text("backchannelLogoutUri", Rule::Url),
            backchannel_session_required: guard.optional_bool("backchannelLogoutSessionRequired"),
            logo_uri: guard.optional_text("logoUri", Rule::Any),
        }
    }
}

/// An address of the web, in which Logto takes wildcards, or one with a scheme of the application's own.
fn is_redirect_uri(uri: &str) -> bool {
    Url::parse(&uri.replace('*', "x")).is_ok()
}

fn third_party_exchange() -> crate::testing::mock::messages::reply::Reply {
    refusal(422, "application.third_party_application_cannot_enable_token_exchange")
}
