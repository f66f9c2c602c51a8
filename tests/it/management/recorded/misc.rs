//! `90-management/misc`: one-time tokens and subject tokens by their types, the rest by its path.

use logto::{
    Result,
    management::{NewOneTimeToken, NewSubjectToken},
};

use super::replay::{Recorded, replay};

const REFUSED: &[(&str, &str)] = &[
    ("02-subject-token-404", "management.not_found"),
    ("06-sign-in-exp-bad", "management.value_refused"),
    ("14-systems-application", "management.not_set_up"),
];

async fn perform(recorded: &Recorded) -> Result<()> {
    let management = &recorded.management;
    match (recorded.method.as_str(), recorded.path().as_slice()) {
        ("POST", ["subject-tokens"]) => {
            let mut token = NewSubjectToken::new().user_id(recorded.text("userId"));
            if recorded.body["context"].is_object() {
                token = token.context(recorded.object("context"));
            }
            let token = management.subject_tokens().create(&token).await?;
            assert!(token.subject_token.expose().starts_with("sub_"));
            assert_eq!(token.expires_in, Some(600));
            Ok(())
        }
        ("POST", ["one-time-tokens"]) => {
            let seconds = recorded.body["expiresIn"].as_u64().unwrap();
            let token = NewOneTimeToken::new().email(recorded.text("email")).expires_in(seconds);
            let token = management.one_time_tokens().create(&token).await?;
            assert_eq!((token.token.expose(), token.status.as_str()), ("KmNtipwlmMc0gM1bTj95KH1GzI4ianKU", "active"));
            let lives = token.expires_at.unwrap().duration_since(token.created_at.unwrap()).unwrap();
            assert_eq!(lives.as_millis(), 599_999);
            Ok(())
        }
        ("GET", ["one-time-tokens"]) => recorded.page(management.one_time_tokens().list()).await,
        _ => recorded.any().await,
    }
}

#[tokio::test]
async fn management_recorded_misc() {
    assert_eq!(replay("90-management/misc", &[], REFUSED, perform).await, 17);
}
