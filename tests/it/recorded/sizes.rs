//! Real users in many organizations fit a browser's cookies.

use logto::TokenOptions;

use super::replay::{App, TOKEN, fixture, json_response, payload, settings};

#[tokio::test]
#[expect(clippy::print_stdout)] // The sizes are for whoever asks for them: `cargo test … -- --nocapture`.
async fn a_recorded_session_with_many_organizations_fits_its_cookies() {
    let recorded = fixture("jwt/many_organizations");
    for (organizations, cookies, bytes) in
        [("10", 1, 2000), ("50", 1, 4095), ("100", 1, 3000), ("150", 1, 4095), ("400", 4, 4096)]
    {
        let tokens = &recorded[organizations]["token_response"];
        let id_token = tokens["id_token"].as_str().unwrap();
        let claims = payload(id_token);
        let mut app = App::new(settings(), claims["iat"].as_i64().unwrap());
        app.sign_in(claims["sub"].as_str().unwrap(), |_| {}).await;
        app.began_with(&claims).await;

        app.server.once(TOKEN, json_response(tokens));
        let mut request = app.browser.request();
        let token = app.logto.get_access_token(&mut request, TokenOptions::new().force_refresh(true)).await.unwrap();
        let headers = request.set_cookie_headers();
        let sizes: Vec<usize> = headers.iter().map(String::len).collect();
        println!(
            "{organizations} organizations: an ID token of {} bytes is {sizes:?} bytes of Set-Cookie",
            id_token.len()
        );
        assert!(sizes.len() <= cookies, "{organizations} organizations: {sizes:?}");
        assert!(sizes.iter().all(|&size| size <= bytes), "{organizations} organizations: {sizes:?}");

        // A browser drops what is over 4096 bytes, and the session is still whole.
        app.browser.receive(&headers);
        let session = app.session().await;
        assert_eq!(session.get_id_token().unwrap().expose(), id_token);
        let found = session.get_id_token_claims().unwrap();
        assert_eq!(serde_json::to_value(&found.organizations).unwrap(), claims["organizations"]);
        assert_eq!(found.organizations.len().to_string(), organizations);
        assert_eq!(session.get_refresh_token().unwrap().expose(), tokens["refresh_token"]);
        assert_eq!(app.access_token(TokenOptions::new()).await.unwrap(), token, "from the session");
        assert_eq!(app.server.asked(TOKEN).len(), 2);
    }
}
