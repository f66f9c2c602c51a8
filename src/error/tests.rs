use std::{error::Error as StdError, fmt, io};

use super::{Code, Error, ErrorCode, ErrorKind, OAuthError};

/// Every error there is, as programs and people see it.
#[test]
fn the_list_of_errors_is_pinned() {
    let lines: Vec<_> = Code::ALL
        .iter()
        .map(|&code| {
            let error = Error::new(code, "message");
            format!("{} | {:?} | {} | {}", error.code(), error.kind(), error.http_status(), error.hint())
        })
        .collect();
    let list = lines.join("\n");
    insta::assert_snapshot!(list);
}

#[test]
fn every_error_code_is_unique_with_a_one_line_hint() {
    let mut names: Vec<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), Code::ALL.len());
    for code in Code::ALL {
        assert!(code.hint().ends_with(['.', '`']) && !code.hint().contains('\n'), "{}", code.hint());
    }
}

#[test]
fn an_error_code_is_named_as_its_text_is() {
    let codes: Vec<_> = Code::ALL.iter().map(|code| code.name()).collect();
    assert!(ErrorCode::NAMED.iter().map(|(_, code)| *code).eq(codes));
    for (name, code) in ErrorCode::NAMED {
        assert_eq!(*name, code.as_str().replace('.', "_").to_uppercase());
    }
}

#[test]
fn an_error_code_equals_its_constant_or_its_text() {
    let code = Error::new(Code::SessionEnded, "over").code();
    assert_eq!(code, ErrorCode::SESSION_ENDED);
    assert_ne!(code, ErrorCode::NOT_AUTHENTICATED);
    assert_eq!(code, "session.ended");
    assert_eq!("session.ended", code);
    assert_eq!(code, *"session.ended");
    assert_ne!(code, "session");
    assert_eq!(
        (code.to_string(), format!("{code:?}"), code.as_ref()),
        ("session.ended".to_owned(), "\"session.ended\"".to_owned(), "session.ended")
    );
    assert_eq!(serde_json::json!({ "code": code }), serde_json::json!({ "code": "session.ended" }));
}

#[test]
fn display_is_one_line_with_the_whole_chain() {
    let cause = io::Error::new(io::ErrorKind::ConnectionRefused, "connection\r\nrefused");
    let error = Error::new(Code::Unreachable, "GET http://localhost failed").with_source(cause);
    let outer = Error::new(Code::CodeRefused, "the code was refused").with_source(error.clone());
    assert_eq!(outer.to_string(), "the code was refused: GET http://localhost failed: connection refused");
    assert!(outer.get_ref().unwrap().downcast_ref::<Error>().is_some_and(Error::is_transient));
}

/// How `anyhow` prints `{:#}`, and how other reporters walk a chain: each error, then each source.
fn with_sources(error: &dyn StdError) -> String {
    let mut lines = vec![error.to_string()];
    let mut source = error.source();
    while let Some(cause) = source {
        lines.push(cause.to_string());
        source = cause.source();
    }
    lines.join(": ")
}

/// An error of another library.
#[derive(Debug)]
struct Foreign {
    text: &'static str,
    source: Option<Box<Self>>,
}

impl fmt::Display for Foreign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text)
    }
}

impl StdError for Foreign {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| -> &(dyn StdError + 'static) { source })
    }
}

#[test]
fn an_error_report_with_nested_sources_contains_each_cause_once() {
    let foreign = |text, source: Option<Foreign>| Foreign { text, source: source.map(Box::new) };
    let refused = || foreign("connection refused", None);
    let polite = || foreign("the request failed", Some(refused()));
    let talkative = || foreign("the request failed: connection refused", Some(refused()));
    let inner = |cause: Foreign| Error::new(Code::Unreachable, "GET http://localhost failed").with_source(cause);
    for cause in [polite(), talkative()] {
        let inner = inner(cause);
        let outer = Error::new(Code::CodeRefused, "the code was refused").caused_by(inner.clone());
        let store = Error::new(Code::StoreFailed, "the store failed").with_source(io::Error::other(outer.clone()));
        for error in [inner, outer, store] {
            let report = with_sources(&error);
            for part in ["GET http://localhost failed", "the request failed", "connection refused"] {
                assert_eq!(report.matches(part).count(), 1, "{part} in {report}");
            }
            assert_eq!(report, error.to_string(), "Display is the whole report");
        }
    }
    let foreign = inner(polite());
    let cause = foreign.get_ref().and_then(|cause| cause.downcast_ref::<Foreign>());
    assert_eq!(cause.map(|cause| cause.text), Some("the request failed"), "the cause itself can be had");
}

#[test]
fn an_error_is_transient_after_a_timeout_or_a_retryable_status() {
    let error = Error::new(Code::TokenRefused, "refused");
    assert!(!error.is_transient());
    assert_eq!(error.http_status(), 502);
    for status in [408, 429, 500, 502, 503, 504] {
        let error = error.clone().with_response(status, None);
        assert!(error.is_transient(), "{status}");
        assert_eq!((error.http_status(), error.provider_status()), (503, Some(status)));
    }
    assert!(!error.with_response(400, None).is_transient());
    assert!(Error::new(Code::Timeout, "").is_transient());
    assert!(Error::new(Code::SessionEnded, "").requires_sign_in());
    assert_eq!(Error::new(Code::SessionEnded, "").kind(), ErrorKind::NotAuthenticated);
}

#[test]
fn an_error_or_a_client_has_pointer_size_with_thread_safe_clones() {
    fn goes_anywhere<T: Clone + Send + Sync + 'static>() {}
    goes_anywhere::<Error>();
    goes_anywhere::<crate::client::LogtoClient>();
    goes_anywhere::<crate::client::RequestSession>();
    assert_eq!(size_of::<Error>(), size_of::<usize>());
    assert_eq!(size_of::<crate::client::LogtoClient>(), size_of::<usize>());
}

#[test]
fn an_oauth_error_reads_what_logto_sends() {
    let text = r#"{"code":"oidc.access_denied","message":"Access denied.","error":"access_denied","error_description":"user is not a member of the organization","extra":1}"#;
    let oauth: OAuthError = serde_json::from_str(text).unwrap();
    assert_eq!(oauth.error(), "access_denied");
    assert_eq!(oauth.logto_code(), Some("oidc.access_denied"));
    assert_eq!(oauth.to_string(), "access_denied (user is not a member of the organization)");
    let api: OAuthError =
        serde_json::from_str(r#"{"code":"entity.not_found","message":"Not found","data":{}}"#).unwrap();
    assert_eq!(api.to_string(), "entity.not_found (Not found)");
}
