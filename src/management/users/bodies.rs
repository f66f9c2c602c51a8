//! What a user is created with, and what is changed of one.

use serde::Serialize;

use super::ProfileUpdate;
use crate::management::body::body;

/// How a password was hashed that is taken over from another system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub enum PasswordAlgorithm {
    /// Argon2i, which Logto itself uses.
    Argon2i,
    /// Argon2id.
    Argon2id,
    /// Argon2d.
    Argon2d,
    /// SHA-1.
    #[serde(rename = "SHA1")]
    Sha1,
    /// SHA-256.
    #[serde(rename = "SHA256")]
    Sha256,
    /// MD5.
    #[serde(rename = "MD5")]
    Md5,
    /// bcrypt.
    Bcrypt,
    /// Another one, which the digest describes as Logto's documentation says.
    Legacy,
}

body! {
    /// A user to be created. No member is required.
    NewUser;
    /// Sets the name to sign in with: letters, digits and `_`, no digit first. No other user has it.
    text username "username";
    /// Sets the email address to sign in with. No other user has it. Logto takes it as verified.
    text primary_email "primaryEmail";
    /// Sets the phone number to sign in with: digits alone, with the country code. No other user has it. Logto takes it as verified.
    text primary_phone "primaryPhone";
    /// Sets the password.
    secret password "password";
    /// Sets the digest of a password that is taken over from another system, in place of the password. Needs
    /// [`password_algorithm`](Self::password_algorithm).
    secret password_digest "passwordDigest";
    /// Sets how the digest was made.
    value(PasswordAlgorithm) password_algorithm "passwordAlgorithm";
    /// Sets the full name.
    text name "name";
    /// Sets the picture, as an absolute URL.
    text avatar "avatar";
    /// Sets what applications keep about the user.
    json custom_data "customData";
    /// Sets further members of the profile.
    value(ProfileUpdate) profile "profile";
}

body! {
    /// What to change of a user. What is not set stays as it is.
    UserUpdate;
    /// Sets the name to sign in with: letters, digits and `_`, no digit first. No other user has it.
    text username |
        /// Removes the name to sign in with.
        no_username "username";
    /// Sets the email address to sign in with. No other user has it. Logto takes it as verified.
    text primary_email |
        /// Removes the email address.
        no_primary_email "primaryEmail";
    /// Sets the phone number to sign in with: digits alone, with the country code. No other user has it. Logto takes it as verified.
    text primary_phone |
        /// Removes the phone number.
        no_primary_phone "primaryPhone";
    /// Sets the full name.
    text name |
        /// Removes the name.
        no_name "name";
    /// Sets the picture, as an absolute URL.
    text avatar |
        /// Removes the picture.
        no_avatar "avatar";
    /// Replaces what applications keep about the user. [`Users::update_custom_data`](super::Users::update_custom_data) changes a part of it.
    json custom_data "customData";
    /// Replaces the profile. [`Users::update_profile`](super::Users::update_profile) changes a part of it.
    value(ProfileUpdate) profile "profile";
}
