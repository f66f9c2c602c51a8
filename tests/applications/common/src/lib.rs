//! What each of the applications does with logto. Whatever goes wrong is a panic, and the application's failure.

use logto::{
    Error, HeaderCookies, LogtoClient, LogtoConfig, LogtoConfigBuilder, SignInOptions,
    testing::{MockLogto, SigningAlg},
};
use tokio::{io::AsyncReadExt, net::TcpListener};

/// Signs a user in with the default client. For that the ID token's signature is verified, with each algorithm.
pub async fn sign_in() {
    for alg in [SigningAlg::Es256, SigningAlg::Es384, SigningAlg::Es512, SigningAlg::Rs256, SigningAlg::Ps256] {
        let mock = MockLogto::builder().signing_alg(alg).start().await.unwrap();
        let config = settings().endpoint(mock.endpoint()).app_id(mock.app_id()).app_secret(mock.app_secret());
        let logto = LogtoClient::new(config.build().unwrap()).unwrap();
        let mut cookies = HeaderCookies::parse("");
        let to_logto = logto.sign_in(&mut cookies, SignInOptions::new()).await.unwrap();
        let callback = mock.sign_in(to_logto.location(), "ada").await;
        _ = logto.handle_sign_in(&mut cookies, &callback).await.unwrap();
        assert_eq!(logto.get_id_token_claims(&cookies).await.unwrap().unwrap().sub, "user-ada", "{}", alg.as_str());
    }
    println!("signed in");
}

/// Sends an https request with the default client: what arrives is the handshake of TLS (RFC 8446 section 5.1: a record of type 22).
pub async fn speak_tls() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = async {
        let (mut connection, _) = listener.accept().await.unwrap();
        connection.read_u8().await.unwrap()
    };
    let logto = client(&listener).unwrap();
    let (first_byte, outcome) = tokio::join!(server, logto.warm_up());
    assert_eq!(first_byte, 22);
    assert_eq!(outcome.unwrap_err().code(), "network.unreachable");
    println!("spoke TLS");
}

/// The error of the default client where it has no TLS: when it is made, or with its first https request.
pub async fn error_without_tls() -> Error {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    match client(&listener) {
        Ok(logto) => logto.warm_up().await.unwrap_err(),
        Err(error) => error,
    }
}

fn client(listener: &TcpListener) -> Result<LogtoClient, Error> {
    let endpoint = format!("https://{}", listener.local_addr().unwrap());
    LogtoClient::new(settings().endpoint(endpoint).app_id("app").app_secret("secret-of-the-app").build().unwrap())
}

fn settings() -> LogtoConfigBuilder {
    LogtoConfig::builder().base_url("http://localhost:3000").cookie_secret("kFvhX7IfZ0sL2m9QpTn4RbYw8uEaCdGj")
}
