//! Where the file is, unless a path is set.

use std::path::PathBuf;

use base64_simd::URL_SAFE_NO_PAD;
use etcetera::{AppStrategy, AppStrategyArgs, app_strategy::choose_native_strategy};
use sha2::{Digest, Sha256};

use crate::error::{Code, Error, Result};

/// The file in the platform's data folder of the application. Each server and each pair of apps has a file of its own, so that tokens of a test
/// server do not take the place of others.
pub(in crate::cli) fn default_file(application: &str, issuer: &str, client_ids: &[String]) -> Result<PathBuf> {
    let names =
        AppStrategyArgs { top_level_domain: String::new(), author: String::new(), app_name: application.to_owned() };
    let strategy = choose_native_strategy(names).map_err(|source| {
        Error::new(Code::CliStorageFailed, "the home folder of the user is not known (set HOME)").with_source(source)
    })?;
    Ok(strategy.in_data_dir(format!("tokens-{}", short_hash(issuer, client_ids))))
}

/// Twelve characters. What differs in it differs in a file name that ignores case, too.
fn short_hash(issuer: &str, client_ids: &[String]) -> String {
    let mut hash = Sha256::new_with_prefix(issuer);
    for id in client_ids {
        hash.update([0]);
        hash.update(id);
    }
    let text = URL_SAFE_NO_PAD.encode_to_string(hash.finalize());
    text.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).take(12).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_server_and_each_app_has_a_file_of_its_own() {
        let ids = |ids: &[&str]| ids.iter().map(|&id| id.to_owned()).collect::<Vec<_>>();
        let names = [
            short_hash("https://a.test/oidc", &ids(&["app"])),
            short_hash("https://b.test/oidc", &ids(&["app"])),
            short_hash("https://a.test/oidc", &ids(&["app", "device"])),
            short_hash("https://a.test/oidc", &ids(&["appdevice"])),
        ];
        for (index, name) in names.iter().enumerate() {
            assert!(name.len() == 12 && name.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{name}");
            assert!(!names.iter().skip(index + 1).any(|other| other == name), "{names:?}");
        }
    }
}
