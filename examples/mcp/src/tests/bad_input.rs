//! What is refused, and with which challenge.

use super::*;

async fn refused(request: RequestBuilder) -> (u16, String) {
    let response = request.send().await.unwrap();
    (response.status().as_u16(), header(&response, "www-authenticate").to_owned())
}

#[tokio::test]
async fn a_token_that_is_not_for_the_mcp_server_is_refused_with_a_challenge() {
    let world = World::start().await;
    let other_tenant = start_logto(&world.base_url, 0).await.unwrap();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let claims = |issuer: String| {
        json!({
            "iss": issuer, "sub": "ada", "aud": world.mcp(), "client_id": MCP_CLIENT, "scope": USE_NOTES,
            "iat": now, "exp": now + 3600,
        })
    };
    let forged = |issuer: String| other_tenant.sign_jwt(json!({ "typ": "at+jwt" }), &claims(issuer));
    let invalid = Some("invalid_token");
    for (name, token, error) in [
        ("no token", None, None),
        ("of another resource", Some(world.token(json!({ "aud": format!("{}/notes", world.base_url) }))), invalid),
        ("of another tenant", Some(forged(other_tenant.issuer())), invalid),
        ("of another tenant in the name of this", Some(forged(world.logto.issuer())), invalid),
        ("expired", Some(world.token(json!({ "iat": now - 7200, "exp": now - 3600 }))), invalid),
        ("of an organization", Some(world.token(json!({ "organization_id": "acme" }))), Some("insufficient_scope")),
        ("an ID token", Some(world.logto.sign_jwt(json!({}), &claims(world.logto.issuer()))), invalid),
        ("opaque", Some("opaque".to_owned()), invalid),
        ("malformed", Some("a.b.c".to_owned()), invalid),
    ] {
        for tool in ["whoami", "add_note"] {
            let request = world.call(&world.mcp(), tool, json!({ "text": "one" }));
            let request = token.iter().fold(request, |request, token| request.bearer_auth(token));
            let (status, challenge) = refused(request).await;
            assert_eq!(status, if error == Some("insufficient_scope") { 403 } else { 401 }, "{name}");
            let metadata = format!("resource_metadata=\"{}/.well-known/oauth-protected-resource/mcp\"", world.base_url);
            assert!(challenge.contains(&metadata), "{name}: {challenge}");
            let expected = error.map(|error| format!("error=\"{error}\""));
            assert_eq!(challenge.contains("error="), expected.is_some(), "{name}: {challenge}");
            assert!(expected.is_none_or(|error| challenge.contains(&error)), "{name}: {challenge}");
        }
    }
}

#[tokio::test]
async fn a_token_without_the_scope_of_a_tool_gets_403_with_the_scope() {
    let world = World::start().await;
    let token = world.token(json!({ "scope": "other" }));
    let call = |tool| world.call(&world.mcp(), tool, json!({ "text": "one" })).bearer_auth(&token);
    let response = call("add_note").send().await.unwrap();
    assert_eq!(response.status(), 403);
    assert_eq!(
        header(&response, "www-authenticate"),
        format!(
            r#"Bearer realm="{0}/mcp", error="insufficient_scope", error_description="The access token lacks a scope.", scope="{USE_NOTES}", resource_metadata="{0}/.well-known/oauth-protected-resource/mcp""#,
            world.base_url
        )
    );
    assert_eq!(response.json::<Value>().await.unwrap()["code"], "bearer_token.insufficient_scope");
    // The other tool asks for none.
    assert_eq!(call("whoami").send().await.unwrap().status(), 200);
    assert_eq!(world.logto.request_count(logto::testing::Endpoint::Token), 0, "nothing was exchanged");
}

/// Addresses end in logs and histories.
#[tokio::test]
async fn a_token_in_the_address_is_none() {
    let world = World::start().await;
    let address = format!("{}?access_token={}", world.mcp(), world.token(json!({})));
    let (status, challenge) = refused(world.call(&address, "whoami", json!({}))).await;
    assert_eq!(status, 401);
    assert!(challenge.starts_with("Bearer realm=") && !challenge.contains("error="), "{challenge}");
}

/// Several calls in one body would be several tools, each with a scope of its own.
#[tokio::test]
async fn several_calls_in_one_request_are_none() {
    let world = World::start().await;
    let call = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": { "name": "add_note", "arguments": { "text": "one" } } });
    let request = world.call(&world.mcp(), "whoami", json!({})).bearer_auth(world.token(json!({ "scope": "" })));
    let response = request.json(&json!([call, call])).send().await.unwrap();
    assert!(response.status().is_client_error(), "{}", response.status());
    assert_eq!(world.logto.request_count(logto::testing::Endpoint::Token), 0);
}

/// There are no sessions: an id of one opens nothing.
#[tokio::test]
async fn the_id_of_a_session_does_not_say_who_calls() {
    let world = World::start().await;
    let call = |token: &str| {
        world.call(&world.mcp(), "whoami", json!({})).bearer_auth(token).header("mcp-session-id", "ada's")
    };
    let bob = call(&world.token(json!({ "sub": "bob" }))).send().await.unwrap();
    assert_eq!(bob.status(), 200);
    assert!(bob.text().await.unwrap().contains(r#"\"sub\":\"bob\""#));
    assert_eq!(call("a.b.c").send().await.unwrap().status(), 401);
}

/// The exchange is Logto's to refuse. It is no refusal of the token that came.
#[tokio::test]
async fn an_exchange_that_logto_refuses_is_told_to_the_model() {
    let world = World::start().await;
    let token = world.token(json!({ "sub": "nobody" }));
    let response =
        world.call(&world.mcp(), "add_note", json!({ "text": "one" })).bearer_auth(&token).send().await.unwrap();
    assert_eq!(response.status(), 200);
    let answer: Value = response.json().await.unwrap();
    assert_eq!(answer["result"]["isError"], true, "{answer}");
    let text = answer["result"]["content"][0]["text"].as_str().unwrap();
    assert_eq!(text, "the note was not written: token_exchange.subject_refused");
}

/// The token for the MCP server opens the MCP server alone.
#[tokio::test]
async fn the_api_of_notes_takes_no_token_of_the_mcp_server() {
    let world = World::start().await;
    let address = format!("{}/notes", world.base_url);
    let (status, challenge) = refused(http().post(&address).bearer_auth(world.token(json!({}))).body("one")).await;
    assert_eq!(status, 401);
    let metadata = format!("resource_metadata=\"{}/.well-known/oauth-protected-resource/notes\"", world.base_url);
    assert!(challenge.contains(&metadata) && challenge.contains(r#"error="invalid_token""#), "{challenge}");
}

/// For clients that are pages of another site.
#[tokio::test]
async fn a_page_may_read_why_it_was_refused() {
    let world = World::start().await;
    let request = world.call(&world.mcp(), "whoami", json!({})).header("origin", "https://client.example");
    let response = request.send().await.unwrap();
    assert_eq!((response.status().as_u16(), header(&response, "access-control-allow-origin")), (401, "*"));
    assert_eq!(header(&response, "access-control-expose-headers"), "www-authenticate");
    for path in ["/mcp", "/.well-known/oauth-protected-resource/mcp"] {
        let preflight = http()
            .request(Method::OPTIONS, format!("{}{path}", world.base_url))
            .header("origin", "https://client.example")
            .header("access-control-request-method", "POST")
            .header("access-control-request-headers", "authorization,mcp-protocol-version")
            .send()
            .await
            .unwrap();
        assert!(preflight.status().is_success(), "{path}: {}", preflight.status());
        let allowed = header(&preflight, "access-control-allow-headers");
        assert!(
            ["authorization", "mcp-protocol-version"].iter().all(|name| allowed.contains(name)),
            "{path}: {allowed}"
        );
    }
}

/// Another site gives its own name the address of this machine.
#[tokio::test]
async fn a_request_by_a_host_name_of_another_is_refused() {
    let world = World::start().await;
    let request = world.call(&world.mcp(), "whoami", json!({})).bearer_auth(world.token(json!({})));
    let response = request.header("host", "evil.example").send().await.unwrap();
    assert_eq!(response.status(), 403);
}
