//! TLS, and who is believed.

use std::sync::Arc;

use logto::LogtoClient;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, date_time_ymd};
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        crypto::aws_lc_rs::default_provider,
        pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
    },
};

use crate::{
    detour::Detour,
    support::{APP_SECRET, Browser, Site, settings},
    world::{Call, World, make},
};

/// A server with a certificate of a CA of its own.
pub struct Stranger {
    pub origin: String,
    ca: Vec<u8>,
}

impl Stranger {
    /// One behind whose TLS there is nothing.
    pub async fn start() -> Self {
        Self::before("127.0.0.1:1", "localhost", false).await
    }

    /// One that passes on to `target` what it is asked.
    async fn before(target: &str, name: &str, expired: bool) -> Self {
        let mut authority = CertificateParams::new([]).unwrap();
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority_key = KeyPair::generate().unwrap();
        let ca = authority.self_signed(&authority_key).unwrap();
        let issuer = Issuer::new(authority, authority_key);
        let mut server = CertificateParams::new([name.to_owned()]).unwrap();
        server.not_after = date_time_ymd(if expired { 2020 } else { 2099 }, 1, 1);
        let server_key = KeyPair::generate().unwrap();
        let certificate = server.signed_by(&server_key, &issuer).unwrap();

        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(server_key.serialize_der()));
        let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)
            .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("https://localhost:{}", listener.local_addr().unwrap().port());
        let target = target.to_owned();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (acceptor, target) = (acceptor.clone(), target.clone());
                tokio::spawn(async move {
                    if let (Ok(mut outer), Ok(mut inner)) =
                        (acceptor.accept(stream).await, TcpStream::connect(target).await)
                    {
                        _ = copy_bidirectional(&mut outer, &mut inner).await;
                    }
                });
            }
        });
        Self { origin, ca: ca.der().to_vec() }
    }

    /// The client of somebody who trusts this CA and no other.
    fn trusted(&self) -> reqwest::Client {
        let ca = reqwest::Certificate::from_der(&self.ca).unwrap();
        let builder = reqwest::Client::builder().tls_backend_rustls().redirect(reqwest::redirect::Policy::none());
        builder.tls_certs_only([ca]).build().unwrap()
    }
}

/// A world whose Logto is behind TLS; the client that reaches it, with `http` for what it trusts.
fn behind(server: &Stranger, site: Site, http: reqwest::Client) -> (World, LogtoClient) {
    let (inside, outside, issuer) = (site.mock.endpoint(), server.origin.clone(), site.mock.issuer());
    site.mock.tamper_discovery(move |document| {
        *document = serde_json::from_str(&document.to_string().replace(&inside, &outside)).unwrap();
        document["issuer"] = issuer.clone().into();
    });
    let detour = Detour::with(http);
    let config = settings(&site.mock, &site.clock)
        .app_secret(APP_SECRET)
        .endpoint(&server.origin)
        .accepted_issuers([site.mock.issuer()])
        .http_client(detour.clone())
        .build()
        .unwrap();
    let world = World { site, detour };
    (world, LogtoClient::new(config).unwrap())
}

fn address(site: &Site) -> String {
    site.mock.endpoint().strip_prefix("http://").unwrap().to_owned()
}

/// Every call goes through the client that was given, so what it trusts is what is trusted. A naive implementation has a second client
/// somewhere, and its calls fail here.
#[tokio::test]
async fn one_client_reaches_every_endpoint() {
    let site = Site::start().await;
    let server = Stranger::before(&address(&site), "localhost", false).await;
    let (world, logto) = behind(&server, site, server.trusted());
    let mut browser = Browser::default();
    world.site.mock.reset_counts();
    sign_in(&world, &logto, &mut browser).await;
    for call in [Call::Discovery, Call::Refresh, Call::UserInfo, Call::Introspection, Call::Revocation] {
        let outcome = make(&world, call, &logto, &mut browser).await;
        assert!(outcome.error.is_none(), "{call:?}: {:?}", outcome.error);
    }
    let calls = Call::ALL.into_iter().filter(|call| *call != Call::Code);
    let asked: Vec<_> = calls.map(|call| world.site.mock.request_count(call.endpoint())).collect();
    assert!(!asked.contains(&0), "{asked:?}");
    assert_eq!(world.detour.asked(), asked.iter().sum::<usize>());
}

async fn sign_in(world: &World, logto: &LogtoClient, browser: &mut Browser) {
    let mut cookies = browser.request();
    let redirect = logto.sign_in(&mut cookies, logto::SignInOptions::new()).await.unwrap();
    // The browser reaches Logto by its other name: what it trusts is its own affair.
    let (_, rest) = redirect.location().split_once("/oidc/").unwrap();
    let url = format!("{}/oidc/{rest}", world.site.mock.endpoint());
    let callback = world.site.mock.sign_in(&url, "ada").await;
    _ = logto.handle_sign_in(&mut cookies, &callback).await.unwrap();
    browser.receive(&cookies.set_cookie_headers());
}

/// A naive implementation turns the check off to get through a proxy, or checks the chain and not the name.
#[tokio::test]
async fn a_certificate_that_is_not_right_ends_the_call() {
    for (what, name, expired, trusted) in [
        ("of an unknown CA", "localhost", false, false),
        ("expired", "localhost", true, true),
        ("of another host", "logto.example.com", false, true),
    ] {
        let site = Site::start().await;
        let mut browser = site.signed_in("ada").await;
        let server = Stranger::before(&address(&site), name, expired).await;
        let http = if trusted { server.trusted() } else { reqwest::Client::new() };
        let (world, logto) = behind(&server, site, http);
        let outcome = make(&world, Call::Discovery, &logto, &mut browser).await;
        let error = outcome.error.unwrap();
        assert_eq!((error.code().as_str(), error.is_transient()), ("network.unreachable", true), "{what}: {error}");
        assert!(error.to_string().contains("certificate"), "{what}: {error}");
        assert!(world.site.is_signed_in(&browser).await);
        assert_eq!(world.site.mock.requests_total(), 0, "{what}: nothing was said to it");
    }
}
