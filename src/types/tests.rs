use std::{fmt::Debug, str::FromStr};

use serde_json::json;

use super::{DirectSignIn, FirstScreen, Identifier, Prompt, ResponseMode, SignInOptions, TokenOptions};
use crate::{
    api::TokenRequirements, cookies::SameSite, error::Error, machine::TokenExchange, session::SessionFormat,
    step_up::StepUp,
};

fn is_read_back<T>(option: &T, word: &str)
where
    T: FromStr<Err = Error> + ToString + Debug + PartialEq,
{
    assert_eq!((&word.parse::<T>().unwrap(), option.to_string().as_str()), (option, word));
    for wrong in ["", " ", &word.to_uppercase(), &format!("{word} ")] {
        assert_eq!(wrong.parse::<T>().unwrap_err().code(), "options.invalid", "{wrong:?}");
    }
}

#[test]
fn every_option_that_is_a_word_is_read_back() {
    for prompt in Prompt::ALL {
        is_read_back(prompt, prompt.as_str());
    }
    for screen in FirstScreen::ALL {
        is_read_back(screen, screen.as_str());
    }
    for identifier in Identifier::ALL {
        is_read_back(identifier, identifier.as_str());
    }
    for mode in ResponseMode::ALL {
        is_read_back(mode, mode.as_str());
    }
    for format in SessionFormat::ALL {
        is_read_back(format, format.as_str());
    }
    for same_site in SameSite::ALL {
        is_read_back(same_site, same_site.as_str());
    }
    for connector in [DirectSignIn::social("kakao"), DirectSignIn::sso("a:b c")] {
        assert_eq!(connector.as_str().parse::<DirectSignIn>().unwrap(), connector);
        assert_eq!(connector.to_string(), connector.as_str());
    }
}

#[test]
fn an_option_has_the_same_word_for_serde() {
    for prompt in Prompt::ALL {
        assert_eq!(serde_json::to_value(prompt).unwrap(), json!(prompt.as_str()));
    }
    for mode in ResponseMode::ALL {
        assert_eq!(serde_json::to_value(mode).unwrap(), json!(mode.as_str()));
    }
    for format in SessionFormat::ALL {
        assert_eq!(serde_json::to_value(format).unwrap(), json!(format.as_str()));
    }
    for same_site in SameSite::ALL {
        assert_eq!(serde_json::to_value(same_site).unwrap(), json!(same_site.as_str()));
    }
}

#[test]
fn an_unknown_word_is_answered_with_the_known_ones() {
    let told = "select_account".parse::<Prompt>().unwrap_err().to_string();
    assert_eq!(told, "prompt is `none`, `login` or `consent`");
    assert_eq!("fragment".parse::<ResponseMode>().unwrap_err().to_string(), "response_mode is `query` or `form_post`");
}

fn words(list: &[&str]) -> Vec<String> {
    list.iter().map(|&word| word.to_owned()).collect()
}

#[test]
fn scopes_that_are_set_again_take_the_place_of_those_before() {
    let token = TokenOptions::new().scopes(["dropped"]).scopes(["b", "a b", " a "]);
    assert_eq!(token.scopes, words(&["a", "b"]));
    assert_eq!(TokenOptions::management_api("t").scopes(["users"]).scopes, words(&["users"]));
    let exchange = TokenExchange::impersonation("t");
    let again = exchange.clone().scopes(["dropped"]).scopes(["b a"]);
    assert_eq!(format!("{again:?}"), format!("{:?}", exchange.scopes(["b", "a"])));
    assert_eq!(TokenRequirements::new().scopes(["dropped"]).scopes(["a"]), TokenRequirements::new().scopes(["a"]));
}

#[test]
fn acr_values_from_a_list_or_from_text_replace_earlier_ones() {
    let (list, text) = (["urn:logto:acr:mfa", "urn:logto:acr:1fa"], "urn:logto:acr:mfa urn:logto:acr:1fa");
    for options in [
        SignInOptions::new().acr_values(["dropped"]).acr_values(list),
        SignInOptions::new().acr_values([text]),
        SignInOptions::new().step_up(&StepUp::new().acr_values(["dropped"]).acr_values(list.map(str::to_owned))),
    ] {
        assert_eq!(options.acr_values.as_deref(), Some(text));
    }
    assert_eq!(SignInOptions::new().acr_values([""; 0]).acr_values, None);
    assert_eq!(
        TokenRequirements::new().acr_values(["dropped"]).acr_values(list),
        TokenRequirements::new().acr_values([text])
    );
}

#[test]
fn a_token_is_described_in_any_order() {
    let one = TokenOptions::new().resource("https://api.example.com").organization("o").scopes(["a"]);
    let other = TokenOptions::new().scopes(["a"]).organization("o").resource("https://api.example.com");
    assert_eq!(one.key(), other.key());
}
