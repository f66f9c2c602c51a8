//! The table at the level of strings: what every integration is thin glue over.

use logto::{
    api::{ApiAuth, ResourceServer},
    integrate::AuthResponse,
};

use super::cases::{Answer, Case, OfAcme, ReadBooks, Recent, World, flood, run};

async fn send(api: &ResourceServer, case: &Case) -> Answer {
    let headers = &case.headers;
    let sub = |auth: Option<logto::api::AuthInfo>| auth.map_or("nobody".to_owned(), |auth| auth.sub().to_owned());
    let result = match case.path {
        "/books" => ApiAuth::<ReadBooks>::authorize(api, headers).await.map(|auth| sub(Some(auth.into_auth_info()))),
        "/acme" => ApiAuth::<OfAcme>::authorize(api, headers).await.map(|auth| sub(Some(auth.into_auth_info()))),
        "/transfer" => ApiAuth::<Recent>::authorize(api, headers).await.map(|auth| sub(Some(auth.into_auth_info()))),
        "/greeting" => {
            ApiAuth::<()>::authorize_optional(api, headers).await.map(|auth| sub(auth.map(ApiAuth::into_auth_info)))
        }
        "/shelf" => ApiAuth::<ReadBooks>::authorize_optional(api, headers)
            .await
            .map(|auth| sub(auth.map(ApiAuth::into_auth_info))),
        path => panic!("{path}"),
    };
    match result {
        Ok(body) => Answer { status: 200, www_authenticate: vec![], body },
        Err(error) => {
            let reply = AuthResponse::from(&error);
            let challenges = reply.headers().filter(|(name, _)| *name == "www-authenticate");
            let www_authenticate: Vec<_> = challenges.map(|(_, value)| value.to_owned()).collect();
            assert_eq!(www_authenticate.first().map(String::as_str), error.www_authenticate(), "{}", case.name);
            assert!(reply.headers().any(|header| header == ("content-type", "application/json")), "{}", case.name);
            assert!(reply.headers().any(|header| header == ("cache-control", "no-store")), "{}", case.name);
            Answer { status: reply.status(), www_authenticate, body: reply.into_body() }
        }
    }
}

#[tokio::test]
async fn every_request_to_an_api_gets_its_answer() {
    let world = World::start().await;
    run(&world, async |case| send(&world.api, case).await).await;
}

#[tokio::test]
async fn forged_tokens_do_not_fetch_the_keys_at_will() {
    let world = World::start().await;
    flood(&world, async |case| send(&world.api, case).await).await;
}
