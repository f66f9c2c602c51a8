//! The address to return to after signing in: what is not refused is of this site, letter by letter and as browsers read it.
#![no_main]

use std::sync::{Arc, LazyLock};

use libfuzzer_sys::fuzz_target;
use logto::{HeaderCookies, LogtoClient, SignInOptions};
use logto_fuzz::{ISSUER, SITE, Server, Tokens, assert_explained, begin_sign_in, block_on, client, config};

static APP: LazyLock<(Arc<Server>, LogtoClient)> = LazyLock::new(|| {
    let server = Arc::new(Server::default());
    let logto = client(config(&server));
    (server, logto)
});

fuzz_target!(|address: &[u8]| {
    let (server, logto) = &*APP;
    let address = String::from_utf8_lossy(address);
    block_on(async {
        let under_way = match begin_sign_in(logto, SignInOptions::new().post_redirect_uri(address)).await {
            Ok(under_way) => under_way,
            Err(error) => return assert_explained(&error),
        };
        server.grants(&Tokens { nonce: Some(&under_way.nonce), refresh_token: "refresh-1" });
        let mut cookies = HeaderCookies::parse(&*under_way.cookie_header);
        let query = format!("code=code&state={}&iss={ISSUER}", under_way.state);
        let back = logto.handle_sign_in(&mut cookies, &query).await.expect("a sign-in");
        let location = back.location();
        assert!(location.starts_with(SITE), "{location}");
        assert!(location.bytes().all(|byte| (b'!'..=b'~').contains(&byte)), "{location:?}");
        let base = url::Url::parse(SITE).expect("a URL");
        let read = base.join(location).expect("a URL");
        assert_eq!(read.origin(), base.origin());
        assert!(read.username().is_empty() && read.password().is_none(), "{location}");
    });
});
