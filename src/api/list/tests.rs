use base64_simd::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::api::{ApiAudience, ApiRequest, ResourceServer, ResourceServerBuilder};

const BOOKS: &str = "https://api.example.test";

fn tenant(name: &str) -> ResourceServerBuilder {
    ResourceServer::builder().endpoint(format!("https://{name}.logto.app"))
}

fn books(name: &str) -> ResourceServer {
    tenant(name).audience(ApiAudience::resource(BOOKS)).build().unwrap()
}

fn token(claims: &Value) -> String {
    let [header, claims] =
        [json!({ "typ": "at+jwt" }), claims.clone()].map(|part| URL_SAFE_NO_PAD.encode_to_string(part.to_string()));
    format!("{header}.{claims}.AAAA")
}

/// The first audience of the server that validates the token, after its issuer.
fn judge(api: &ResourceServer, token: &str) -> Result<String, &'static str> {
    let server = api.list.as_ref().unwrap().server_for(token).map_err(|error| error.code().as_str())?;
    Ok(format!("{} {}", server.provider.issuer(), server.audiences[0]))
}

#[test]
fn the_issuer_of_a_token_says_who_judges_it_and_nobody_else_does() {
    let api = ResourceServer::one_of([books("a"), books("b")]).unwrap();
    for name in ["a", "b"] {
        let iss = format!("https://{name}.logto.app/oidc");
        assert_eq!(judge(&api, &token(&json!({ "iss": iss, "aud": BOOKS }))), Ok(format!("{iss} {BOOKS}")));
        // An audience that nobody has, or none that can be read, is for the issuer's server to refuse.
        for aud in [json!("https://other.test"), json!(7), json!(null), json!([])] {
            assert_eq!(judge(&api, &token(&json!({ "iss": iss, "aud": aud }))), Ok(format!("{iss} {BOOKS}")), "{aud}");
        }
    }
    for iss in [
        json!("https://c.logto.app/oidc"),
        json!("https://a.logto.app/oidc/"),
        json!("https://A.logto.app/oidc"),
        json!("https://a.logto.app"),
        json!(""),
        json!(null),
        json!(7),
        json!(["https://a.logto.app/oidc"]),
    ] {
        assert_eq!(judge(&api, &token(&json!({ "iss": iss, "aud": BOOKS }))), Err("bearer_token.invalid_iss"), "{iss}");
    }
    assert_eq!(judge(&api, &token(&json!({ "aud": BOOKS }))), Err("bearer_token.invalid_iss"));
    // Two issuers in one token: no reader may see one and another reader the other.
    let [a, b] = ["a", "b"].map(|name| format!(r#""iss":"https://{name}.logto.app/oidc""#));
    let twice = URL_SAFE_NO_PAD.encode_to_string(format!("{{{a},{b}}}"));
    for (token, code) in [
        (format!("e30.{twice}.AAAA"), "bearer_token.invalid_token"),
        ("a.b".to_owned(), "bearer_token.invalid_token"),
        ("a.b.c".to_owned(), "bearer_token.invalid_token"),
        ("a.b.c.d.e".to_owned(), "bearer_token.invalid_token"),
        (token(&json!([1])), "bearer_token.invalid_iss"),
        (token(&json!("text")), "bearer_token.invalid_token"),
        ("opaque".to_owned(), "bearer_token.opaque"),
    ] {
        assert_eq!(judge(&api, &token), Err(code), "{token}");
    }
}

#[test]
fn of_two_servers_with_one_issuer_the_one_judges_that_has_the_audience() {
    let organizations = tenant("a").audience(ApiAudience::any_organization_token()).build().unwrap();
    let acme = tenant("a").audience(ApiAudience::resource(BOOKS).in_organization("acme")).build().unwrap();
    let api = ResourceServer::one_of([organizations, acme, books("a")]).unwrap();
    let iss = "https://a.logto.app/oidc";
    for (claims, index) in [
        (json!({ "aud": "urn:logto:organization:acme" }), 0),
        (json!({ "aud": BOOKS, "organization_id": "acme" }), 1),
        (json!({ "aud": BOOKS }), 2),
        (json!({ "aud": ["https://other.test", BOOKS] }), 2),
        // Nobody has it: the first refuses it.
        (json!({ "aud": BOOKS, "organization_id": "globex" }), 0),
        (json!({ "aud": BOOKS, "organization_id": 7 }), 0),
    ] {
        let mut claims = claims;
        claims["iss"] = iss.into();
        let list = api.list.as_ref().unwrap();
        let chosen = list.server_for(&token(&claims)).unwrap();
        assert!(std::sync::Arc::ptr_eq(chosen, &list.servers[index]), "{claims}");
    }
}

#[test]
fn an_accepted_issuer_is_its_servers() {
    let moved = tenant("a").accepted_issuers(["https://old.example.com/oidc"]);
    let moved = moved.audience(ApiAudience::resource(BOOKS)).build().unwrap();
    let api = ResourceServer::one_of([books("b"), moved]).unwrap();
    let old = token(&json!({ "iss": "https://old.example.com/oidc", "aud": BOOKS }));
    assert_eq!(judge(&api, &old), Ok(format!("https://a.logto.app/oidc {BOOKS}")));
}

#[test]
fn the_one_server_that_introspects_is_asked_about_opaque_tokens() {
    let asking = || tenant("b").audience(ApiAudience::resource(BOOKS)).introspection("app", "secret").build().unwrap();
    let api = ResourceServer::one_of([books("a"), asking()]).unwrap();
    for opaque in ["opaque", "ya29.opaque", "a.b.c"] {
        assert_eq!(judge(&api, opaque), Ok(format!("https://b.logto.app/oidc {BOOKS}")), "{opaque}");
    }
    let of_a = token(&json!({ "iss": "https://a.logto.app/oidc", "aud": BOOKS }));
    assert_eq!(judge(&api, &of_a), Ok(format!("https://a.logto.app/oidc {BOOKS}")));
}

#[test]
fn a_list_in_which_two_could_judge_one_token_is_refused() {
    let asking = |name: &str| {
        tenant(name).audience(ApiAudience::resource(BOOKS)).introspection("app", "secret").build().unwrap()
    };
    let claiming = tenant("a").accepted_issuers(["https://b.logto.app/oidc"]);
    let claiming = claiming.audience(ApiAudience::resource("https://other.test")).build().unwrap();
    for (servers, setting) in [
        (vec![], "resource_servers"),
        (vec![books("a"), books("b"), books("a")], "audience"),
        (vec![claiming.clone(), books("b")], "accepted_issuers"),
        (vec![books("b"), claiming], "accepted_issuers"),
        (vec![asking("a"), asking("b")], "introspection"),
    ] {
        let error = ResourceServer::one_of(servers).unwrap_err();
        assert_eq!(error.code(), "config.invalid");
        let settings: Vec<_> = error.config_problems().iter().map(crate::error::ConfigProblem::setting).collect();
        assert_eq!(settings, [setting], "{error}");
        assert!(error.config_problems()[0].advice().is_some(), "{error}");
    }
    // A list may contain a list, and is checked as a whole.
    let inner = ResourceServer::one_of([books("a"), books("b")]).unwrap();
    assert!(ResourceServer::one_of([inner.clone(), books("c")]).is_ok());
    assert!(ResourceServer::one_of([inner, books("b")]).is_err());
}

#[test]
fn the_metadata_of_a_list_names_each_server_of_the_resource() {
    let scoped = |name: &str, resource: &str, scopes: &[&str]| {
        tenant(name).audience(ApiAudience::resource(resource)).scopes_supported(scopes).build().unwrap()
    };
    let api = ResourceServer::one_of([
        scoped("a", BOOKS, &["read:books"]),
        scoped("b", BOOKS, &["read:books", "write:books"]),
        scoped("c", "https://other.test", &["other"]),
    ])
    .unwrap();
    let document = |host: &str| {
        let request = ApiRequest::new("GET", "/.well-known/oauth-protected-resource").host(Some(host));
        serde_json::from_str::<Value>(api.protected_resource_metadata(&request)?.body()).ok()
    };
    let other = document("other.test").unwrap();
    assert_eq!(other["resource"], "https://other.test");
    assert_eq!(other["authorization_servers"], json!(["https://c.logto.app/oidc"]));
    assert_eq!(other["scopes_supported"], json!(["other"]));
    assert_eq!(document("third.test"), None);
    assert_eq!(
        document("api.example.test").unwrap(),
        json!({
            "resource": BOOKS,
            "authorization_servers": ["https://a.logto.app/oidc", "https://b.logto.app/oidc"],
            "scopes_supported": ["read:books", "write:books"],
            "bearer_methods_supported": ["header"],
        })
    );
}
