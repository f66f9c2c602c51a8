//! The guard: a user in a company.

use std::collections::HashMap;

use axum::{
    extract::{FromRequestParts, Path},
    http::{Method, StatusCode, request::Parts},
    response::{IntoResponse, Response},
};
use logto::{Error, ErrorCode, RequestSession, SignedIn, TokenOptions};

use crate::{App, html::notice, template::INVITE};

/// A handler that takes it is for members of the company that the path names. Logto gives a token for an organization to its members alone, with the
/// permissions of their roles there, so nothing is looked up.
pub(crate) struct Member {
    pub(crate) app: App,
    pub(crate) user: SignedIn,
    pub(crate) company: String,
    may_invite: bool,
}

/// A member who may invite. A form that comes to its handlers was on a page of this site: another site could post one, too.
pub(crate) struct Admin(pub(crate) Member);

/// What a handler answers in place of its page.
pub(crate) enum Instead {
    Page(Response),
    Failed(Error),
}

impl FromRequestParts<App> for Member {
    type Rejection = Instead;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Instead> {
        let user = SignedIn::from_request_parts(parts, app).await?;
        let session = RequestSession::from_request_parts(parts, app).await?;
        let path: Option<Path<HashMap<String, String>>> = Path::from_request_parts(parts, app).await.ok();
        let company = path.and_then(|Path(mut path)| path.remove("company")).unwrap_or_default();
        let changes_something = parts.method == Method::POST;
        if changes_something {
            session.require_from_this_site()?;
        }
        // A page shows what the token of the session permits. A change asks Logto for another token, so a role that was taken away permits nothing.
        let options = TokenOptions::new().organization(&company).force_refresh(changes_something);
        let may_invite = match session.get_access_token(options).await {
            Ok(token) => token.scopes().iter().any(|scope| scope == INVITE),
            Err(error) if error.code() == ErrorCode::ORGANIZATION_NOT_A_MEMBER => {
                let text = "<p>There is no such company, or you are not a member of it.</p>";
                return Err(Instead::Page(notice(app.base(), StatusCode::FORBIDDEN, "No such company", text)));
            }
            Err(error) => return Err(Instead::Failed(error)),
        };
        Ok(Self { app: app.clone(), user, company, may_invite })
    }
}

impl FromRequestParts<App> for Admin {
    type Rejection = Instead;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Instead> {
        let member = Member::from_request_parts(parts, app).await?;
        if !member.may_invite() {
            let text = "<p>An admin of your company can do this.</p>";
            return Err(Instead::Page(notice(app.base(), StatusCode::FORBIDDEN, "Not yours to do", text)));
        }
        Ok(Self(member))
    }
}

impl Member {
    pub(crate) fn may_invite(&self) -> bool {
        self.may_invite
    }

    /// The path of the company's page, or of one below it.
    pub(crate) fn path(&self, below: &str) -> String {
        format!("{}/company/{}{below}", self.app.base(), self.company)
    }
}

impl From<Error> for Instead {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl IntoResponse for Instead {
    fn into_response(self) -> Response {
        match self {
            Self::Page(page) => page,
            Self::Failed(error) => error.into_response(),
        }
    }
}
