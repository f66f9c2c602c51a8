//! A Redis behind TLS. Trust comes from the system's certificates, so the test runs itself again with other ones.

use std::{
    path::Path,
    process::{Command, Stdio},
};

use logto::store::{RedisStore, SessionStore};

use super::{id, session};
use crate::{port::Port, redis_server::RedisServer};

const URL: &str = "LOGTO_TEST_REDIS_TLS_URL";

/// A certificate for `localhost` that nobody has signed.
fn certificate(directory: &Path) -> bool {
    let mut command = Command::new("openssl");
    command.args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]);
    command.args(["-addext", "subjectAltName=DNS:localhost", "-addext", "basicConstraints=critical,CA:FALSE"]);
    command.args(["-keyout", "key.pem", "-out", "cert.pem"]).current_dir(directory);
    command.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}

/// An authority of one's own: `authority.pem` and `authority.key`.
pub(super) fn authority(directory: &Path) {
    let new = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=authority"];
    openssl(directory, &[new.as_slice(), &["-keyout", "authority.key", "-out", "authority.pem"]].concat());
}

/// A certificate for `localhost` that the authority has signed: `<name>.pem` and `<name>.key`.
pub(super) fn signed(directory: &Path, name: &str) {
    let [key, request, cert, names] = ["key", "csr", "pem", "ext"].map(|kind| format!("{name}.{kind}"));
    std::fs::write(directory.join(&names), "subjectAltName=DNS:localhost").unwrap();
    let new = ["req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-keyout", &key, "-out", &request];
    openssl(directory, &new);
    let sign = ["x509", "-req", "-in", &request, "-days", "2", "-extfile", &names, "-out", &cert];
    let by = ["-CA", "authority.pem", "-CAkey", "authority.key", "-CAcreateserial"];
    openssl(directory, &[sign.as_slice(), &by].concat());
}

fn openssl(directory: &Path, arguments: &[&str]) {
    let mut command = Command::new("openssl");
    command.args(arguments).current_dir(directory).stdout(Stdio::null()).stderr(Stdio::null());
    assert!(command.status().unwrap().success(), "{arguments:?}");
}

#[tokio::test]
async fn tls_to_redis_is_checked_against_the_certificates_of_the_system() {
    let Some(plain) = RedisServer::start() else { return };
    assert!(certificate(plain.directory()), "openssl makes a certificate");
    let path = |name: &str| plain.directory().join(name).to_str().unwrap().to_owned();
    let (cert, key) = (path("cert.pem"), path("key.pem"));
    let tls = ["--tls-cert-file", &cert, "--tls-key-file", &key, "--tls-ca-cert-file", &cert];
    let reserved = Port::reserve();
    let port = reserved.number().to_string();
    let arguments = [tls.as_slice(), &["--tls-auth-clients", "no", "--tls-port", &port]].concat();
    let Some(encrypted) = RedisServer::start_with(&arguments) else { return };
    let url = format!("rediss://localhost:{port}");

    let error = RedisStore::connect(&url).await.unwrap_err();
    assert_eq!(error.code(), "store.failed", "a stranger's certificate");

    let mut trusting = Command::new(std::env::current_exe().unwrap());
    trusting.args(["--exact", "redis::tls::a_process_that_trusts_the_certificate_of_redis_connects"]);
    let output = trusting.env("SSL_CERT_FILE", &cert).env(URL, &url).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    assert_eq!(plain.keys("*").len(), 0);
    assert_eq!(encrypted.keys("logto:session:*").len(), 1);
}

#[tokio::test]
async fn a_process_that_trusts_the_certificate_of_redis_connects() {
    let Ok(url) = std::env::var(URL) else { return };
    let store = RedisStore::connect(url).await.unwrap();
    assert!(store.create(&id(1), &session("ada", None)).await.unwrap());
}
