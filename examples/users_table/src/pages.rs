//! The pages.

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{Html, IntoResponse, Redirect, Response},
    routing::get,
};
use logto::{LogtoClient, RequestSession, SignInOptions, SignedIn};

use crate::users::{Consent, Row, Users};

pub fn app(logto: LogtoClient, users: Users) -> Router {
    Router::new()
        .route("/", get(home))
        .route("/terms", get(terms).post(accept_terms))
        .with_state(users)
        .merge(logto::axum::routes(&logto))
        .layer(logto::axum::layer(logto))
}

async fn home(session: RequestSession, user: Option<SignedIn>, State(users): State<Users>) -> Result<Response, Failed> {
    let row: Option<Row> = session.data().await?;
    let (Some(_), Some(row)) = (user, row) else {
        return Ok(Html(r#"<h1>Welcome</h1><p><a href="/logto/sign-in">Sign in</a></p>"#).into_response());
    };
    let sign_ins = users.sign_ins(&row).await?;
    let page = format!(
        r#"<h1>You are user {}</h1><p>Sign-ins: {sign_ins}</p><form method="post" action="/logto/sign-out"><button>Sign out</button></form>"#,
        row.number
    );
    Ok(Html(page).into_response())
}

/// Where the hook leads who is new here. Nobody is signed in: Logto knows who they are, and this application has not let them in.
async fn terms() -> Html<&'static str> {
    Html(r#"<h1>The terms</h1><p>Be kind.</p><form method="post"><button>I accept</button></form>"#)
}

/// Signs in once more. The user has a session at Logto, so this shows no page.
async fn accept_terms(session: RequestSession, headers: HeaderMap) -> Result<Response, Failed> {
    // Nobody accepts the terms for a user by a form on another site.
    if headers.get("sec-fetch-site").is_some_and(|site| site != "same-origin") {
        return Ok(StatusCode::FORBIDDEN.into_response());
    }
    let redirect = session.sign_in(SignInOptions::new().app_state(&Consent { accepts_terms: true })).await?;
    Ok(Redirect::to(redirect.location()).into_response())
}

enum Failed {
    Logto(logto::Error),
    Database(sqlx::Error),
}

impl From<logto::Error> for Failed {
    fn from(error: logto::Error) -> Self {
        Self::Logto(error)
    }
}

impl From<sqlx::Error> for Failed {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error)
    }
}

impl IntoResponse for Failed {
    fn into_response(self) -> Response {
        match self {
            Self::Logto(error) => error.into_response(),
            Self::Database(error) => {
                eprintln!("{error}");
                StatusCode::INTERNAL_SERVER_ERROR.into_response()
            }
        }
    }
}
