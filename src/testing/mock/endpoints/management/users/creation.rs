//! New users.

use super::profile;
use crate::testing::mock::{
    directory::{
        MockUser,
        password::{Algorithm, Password},
    },
    endpoints::{
        account::{
            call::require,
            guard::{Change, Guard, Rule},
            refusal::{Answer, failure, refusal},
        },
        management::Call,
    },
    messages::reply::Reply,
    state::{State, ids::user_id, webhook_json::user_json},
};

/// The algorithms that Logto knows.
const ALGORITHMS: &[&str] = &["Argon2i", "Argon2id", "Argon2d", "SHA1", "SHA256", "MD5", "Bcrypt", "Legacy"];

/// POST `/api/users`.
pub(super) fn create(state: &mut State, call: &Call<'_>) -> Answer {
    let mut guard = Guard::read(call.request)?;
    let phone = guard.optional_text("primaryPhone", Rule::Digits);
    let email = guard.optional_text("primaryEmail", Rule::Email);
    let username = guard.optional_text("username", Rule::Username);
    let plain = guard.optional_text("password", Rule::NotEmpty);
    let digest = guard.optional_text("passwordDigest", Rule::Any);
    let algorithm = guard.optional_choice("passwordAlgorithm", ALGORITHMS);
    let name = guard.optional_text("name", Rule::Any);
    let avatar = guard.clearable_text("avatar", Rule::Url);
    let custom_data = guard.optional_object("customData");
    let profile = profile::read(&mut guard);
    guard.finish()?;
    let password = password(plain, digest, algorithm.as_deref())?;
    check_names(state, None, [username.as_deref(), email.as_deref(), phone.as_deref()])?;
    let id = user_id()?;
    let mut user = MockUser::new(id.clone()).id(id);
    (user.username, user.email, user.phone, user.password) = (username, email, phone, password);
    user.name = name.filter(|name| !name.is_empty());
    if let Change::To(avatar) = avatar {
        user.picture = avatar;
    }
    user.claims.extend(custom_data.map(|data| ("custom_data".to_owned(), data.into())));
    user.extend_profile(profile.unwrap_or_default());
    let id = state.add_user(user);
    let user = state.directory.user(&id).map(|user| user_json(user, true));
    Ok(Reply::json_text(200, user.unwrap_or_default()))
}

/// Of the digests from elsewhere, those of SHA-1 and SHA-256 are checked at a sign-in; the others are refused here, and not at Logto.
fn password(plain: Option<String>, digest: Option<String>, algorithm: Option<&str>) -> Answer<Option<Password>> {
    let digest = digest.filter(|digest| !digest.is_empty());
    require(plain.is_none() || digest.is_none(), || refusal(400, "user.password_and_digest"))?;
    let Some(digest) = digest else { return Ok(plain.map(|plain| Password::Plain(plain.into()))) };
    let algorithm = algorithm.ok_or_else(|| refusal(400, "user.password_algorithm_required"))?;
    let known = Algorithm::called(algorithm).ok_or_else(|| {
        let message = format!("The encryption method {algorithm} is not supported.");
        failure(422, "password.unsupported_encryption_method", &message)
    })?;
    Ok(Some(Password::Digest(known, digest.to_ascii_lowercase())))
}

/// No other user has the username, the e-mail address or the phone number.
pub(super) fn check_names(state: &State, own: Option<&str>, names: [Option<&str>; 3]) -> Answer<()> {
    let [username, email, phone] = names;
    let taken = |is_theirs: &dyn Fn(&MockUser) -> bool| {
        state.directory.users.iter().any(|user| Some(user.id.as_str()) != own && is_theirs(user))
    };
    let username_taken = username.is_some() && taken(&|user| user.username.as_deref() == username);
    require(!username_taken, || refusal(422, "user.username_already_in_use"))?;
    let is_email =
        |user: &MockUser| user.email.as_deref().zip(email).is_some_and(|(one, other)| one.eq_ignore_ascii_case(other));
    require(!taken(&is_email), || refusal(422, "user.email_already_in_use"))?;
    let phone_taken = phone.is_some() && taken(&|user| user.phone.as_deref() == phone);
    require(!phone_taken, || refusal(422, "user.phone_already_in_use"))
}
