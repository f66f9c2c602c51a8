//! Which claims about a user there are.

/// Claims that are left out unless they are set, by scope.
pub(super) const OPTIONAL: &[(&str, &[&str])] = &[
    (
        "profile",
        &[
            "family_name",
            "given_name",
            "middle_name",
            "nickname",
            "profile",
            "website",
            "gender",
            "birthdate",
            "zoneinfo",
            "locale",
        ],
    ),
    ("address", &["address"]),
];

/// Claims that are in ID tokens only where the Console says so (Sign-in & account › ID token › Extended claims). User info has them all.
pub(super) const EXTENDED: &[&str] = &[
    "roles",
    "organizations",
    "organization_roles",
    "organization_data",
    "custom_data",
    "identities",
    "sso_identities",
];

/// Those of [`EXTENDED`] that a new Logto has on (`90-management/misc/16-id-token-config.json`).
pub(super) const ON_BY_DEFAULT: &[&str] = &["roles", "organizations", "organization_roles"];

const OF_EACH_USER: &[&str] = &[
    "name",
    "picture",
    "username",
    "preferred_username",
    "created_at",
    "updated_at",
    "email",
    "email_verified",
    "phone_number",
    "phone_number_verified",
];

/// Whether Logto has a claim of this name.
pub(super) fn exists(name: &str) -> bool {
    let optional = OPTIONAL.iter().flat_map(|(_, names)| *names);
    optional.chain(EXTENDED).chain(OF_EACH_USER).any(|known| *known == name)
}
