use super::{ApiAudience, Mismatch};
use crate::claims::Audience;

const BOOKS: &str = "https://api.example.test";

fn aud(json: &str) -> Audience {
    serde_json::from_str(json).unwrap()
}

#[test]
fn a_resource_audience_admits_only_tokens_of_the_configured_organizations() {
    let plain = ApiAudience::resource(BOOKS);
    let acme = || Some("acme".to_owned());
    let books = aud(&format!("[\"https://other.test\", \"{BOOKS}\"]"));
    let none = Err(Mismatch::Organization);
    for (audience, without, within, within_another) in [
        (plain.clone(), Ok(None), none, Err(Mismatch::Organization)),
        (plain.clone().in_organization("acme"), Err(Mismatch::Organization), Ok(acme()), Err(Mismatch::Organization)),
        (
            plain.clone().resource_in_any_organization(),
            Err(Mismatch::Organization),
            Ok(acme()),
            Ok(Some("globex".to_owned())),
        ),
        (plain.clone().with_or_without_organization(), Ok(None), Ok(acme()), Ok(Some("globex".to_owned()))),
    ] {
        assert_eq!(audience.admit(&books, None), without, "{audience:?}");
        assert_eq!(audience.admit(&books, Some("acme")), within, "{audience:?}");
        assert_eq!(audience.admit(&books, Some("globex")), within_another, "{audience:?}");
        for other in
            ["\"https://api.example.test/\"", "\"https://API.example.test\"", "[]", "\"urn:logto:organization:acme\""]
        {
            assert_eq!(audience.admit(&aud(other), Some("acme")), Err(Mismatch::Audience), "{other}");
        }
    }
}

#[test]
fn an_organization_token_names_one_organization() {
    let any = ApiAudience::any_organization_token();
    let acme = ApiAudience::organization("acme");
    let one = aud("\"urn:logto:organization:acme\"");
    assert_eq!(any.admit(&one, None), Ok(Some("acme".to_owned())));
    assert_eq!(acme.admit(&one, None), Ok(Some("acme".to_owned())));
    for other in [
        "\"urn:logto:organization:\"",
        "\"urn:logto:organizations\"",
        "\"acme\"",
        "\"https://api.example.test\"",
        "[\"urn:logto:organization:acme\", \"urn:logto:organization:globex\"]",
    ] {
        assert_eq!(any.admit(&aud(other), Some("acme")), Err(Mismatch::Audience), "{other}");
        assert_eq!(acme.admit(&aud(other), Some("acme")), Err(Mismatch::Audience), "{other}");
    }
    assert_eq!(acme.admit(&aud("\"urn:logto:organization:globex\""), None), Err(Mismatch::Audience));
}

#[test]
fn in_organization_never_widens_an_audience() {
    assert_eq!(ApiAudience::any_organization_token().in_organization("acme"), ApiAudience::organization("acme"));
    for same in [
        ApiAudience::organization("acme").resource_in_any_organization(),
        ApiAudience::organization("acme").in_organization("x"),
    ] {
        assert_eq!(same, ApiAudience::organization("acme"));
    }
}

#[test]
fn an_organization_in_aud_that_differs_from_organization_id_is_refused() {
    let both = aud(&format!("[\"{BOOKS}\", \"urn:logto:organization:acme\"]"));
    let plain = ApiAudience::resource(BOOKS);
    for audience in [
        plain.clone(),
        plain.clone().in_organization("globex"),
        plain.clone().resource_in_any_organization(),
        plain.clone().with_or_without_organization(),
    ] {
        for claimed in [None, Some("globex"), Some("")] {
            assert_eq!(audience.admit(&both, claimed), Err(Mismatch::Audience), "{audience:?} {claimed:?}");
        }
    }
    assert_eq!(plain.in_organization("acme").admit(&both, Some("acme")), Ok(Some("acme".to_owned())));
    let one = aud("\"urn:logto:organization:acme\"");
    for audience in [ApiAudience::any_organization_token(), ApiAudience::organization("acme")] {
        assert_eq!(audience.admit(&one, Some("acme")), Ok(Some("acme".to_owned())));
        assert_eq!(audience.admit(&one, Some("globex")), Err(Mismatch::Audience));
    }
}
