//! A browser, window by window, and what a person does in one.

use std::{sync::Arc, time::Duration};

use fantoccini::{Client, ClientBuilder, Locator, elements::Element, wd::WindowHandle};
use hyper_util::client::legacy::connect::HttpConnector;

use crate::engine::{Driver, Engine};

/// A driver, and the browser that it started.
pub struct Browser {
    _driver: Driver,
    client: Client,
}

impl Browser {
    pub async fn start(engine: Engine) -> Arc<Self> {
        let (driver, port) = engine.start().await;
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(engine.capabilities())
            .connect(&format!("http://127.0.0.1:{port}"))
            .await
            .unwrap();
        Arc::new(Self { _driver: driver, client })
    }

    pub async fn open(self: &Arc<Self>, url: &str) -> Window {
        let window = Window { browser: self.clone(), handle: self.client.window().await.unwrap() };
        window.go(url).await;
        window
    }
}

/// One window; a person looks at one at a time, see [`turn_to`](Self::turn_to).
pub struct Window {
    browser: Arc<Browser>,
    handle: WindowHandle,
}

impl Window {
    fn client(&self) -> &Client {
        &self.browser.client
    }

    /// Opens another window of the same browser, and turns to it.
    pub async fn another(&self, url: &str) -> Self {
        let handle = self.client().new_window(false).await.unwrap().handle;
        let window = Self { browser: self.browser.clone(), handle };
        window.turn_to().await;
        window.go(url).await;
        window
    }

    pub async fn turn_to(&self) {
        self.client().switch_to_window(self.handle.clone()).await.unwrap();
    }

    pub async fn go(&self, url: &str) {
        self.client().goto(url).await.unwrap();
    }

    pub async fn url(&self) -> String {
        self.client().current_url().await.unwrap().to_string()
    }

    pub async fn reload(&self) {
        // The driver refuses it while a page is about to go to another.
        for _ in 0..3 {
            if self.client().refresh().await.is_ok() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        self.client().refresh().await.unwrap();
    }

    pub async fn back(&self) {
        self.client().back().await.unwrap();
    }

    /// Follows the link that reads `text`.
    pub async fn click(&self, text: &str) {
        self.find(Locator::LinkText(text)).await.click().await.unwrap();
    }

    /// Presses the button that reads `text`.
    pub async fn press(&self, text: &str) {
        self.find(Locator::XPath(&format!("//button[normalize-space()='{text}']"))).await.click().await.unwrap();
    }

    /// Types a name and a password into Logto's page.
    pub async fn sign_in(&self, username: &str, password: &str) {
        let name = self.find(Locator::Css("input[name=username]")).await;
        name.clear().await.unwrap();
        name.send_keys(username).await.unwrap();
        let field = self.find(Locator::Css("input[name=password]")).await;
        // The return key sends the form.
        field.send_keys(&format!("{password}\u{e007}")).await.unwrap();
    }

    /// Follows the first link to `path`.
    pub async fn follow(&self, path: &str) {
        self.find(Locator::Css(&format!("a[href$='{path}']"))).await.click().await.unwrap();
    }

    /// Types into a field, in the place of what it holds.
    pub async fn fill(&self, name: &str, text: &str) {
        let field = self.find(Locator::Css(&format!("input[name={name}]"))).await;
        field.clear().await.unwrap();
        field.send_keys(text).await.unwrap();
    }

    /// Presses the button of the first form that goes to `path`.
    pub async fn send(&self, path: &str) {
        let button = format!("form[action$='{path}'] button");
        self.find(Locator::Css(&button)).await.click().await.unwrap();
    }

    /// The name of the field that has the focus.
    pub async fn focused(&self) -> String {
        let name = self.client().execute("return document.activeElement.name || ''", Vec::new()).await.unwrap();
        name.as_str().unwrap_or_default().to_owned()
    }

    pub async fn text_of(&self, css: &str) -> String {
        self.find(Locator::Css(css)).await.text().await.unwrap()
    }

    /// Where a link leads.
    pub async fn address_of(&self, css: &str) -> String {
        self.find(Locator::Css(css)).await.attr("href").await.unwrap().unwrap()
    }

    /// What an authenticator app shows for a secret (RFC 6238), reckoned by the browser.
    pub async fn totp(&self, secret: &str) -> String {
        const SCRIPT: &str = "
            const [secret, done] = arguments
            const bits = [...secret].map(c => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(c).toString(2).padStart(5, '0')).join('')
            const key = Uint8Array.from(bits.match(/.{8}/g), byte => parseInt(byte, 2))
            const counter = new DataView(new ArrayBuffer(8))
            counter.setUint32(4, Math.floor(Date.now() / 30000))
            crypto.subtle.importKey('raw', key, { name: 'HMAC', hash: 'SHA-1' }, false, ['sign'])
                .then(key => crypto.subtle.sign('HMAC', key, counter))
                .then(mac => {
                    const view = new DataView(mac)
                    const number = view.getUint32(view.getUint8(19) & 15) & 0x7fffffff
                    done(String(number % 1000000).padStart(6, '0'))
                })";
        let code = self.client().execute_async(SCRIPT, vec![secret.into()]).await.unwrap();
        code.as_str().unwrap().to_owned()
    }

    async fn find(&self, locator: Locator<'_>) -> Element {
        let found = self.client().wait().at_most(Duration::from_secs(10)).for_element(locator).await;
        match found {
            Ok(element) => element,
            Err(error) => panic!("{locator:?}: {error} at {}: {}", self.url().await, self.text().await),
        }
    }

    /// Waits for a page with this text.
    pub async fn shows(&self, text: &str) {
        for _ in 0..200 {
            if self.text().await.contains(text) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("no `{text}` at {}: {}", self.url().await, self.text().await);
    }

    /// The text of the page, when it has not changed for half a second.
    pub async fn settled_text(&self) -> String {
        let mut text = self.text().await;
        loop {
            tokio::time::sleep(Duration::from_millis(500)).await;
            let now = self.text().await;
            if now == text {
                return text;
            }
            text = now;
        }
    }

    /// Empty while one page makes way for the next.
    async fn text(&self) -> String {
        let script = "return document.body ? document.body.innerText : ''";
        let text = self.client().execute(script, Vec::new()).await.ok();
        text.and_then(|text| Some(text.as_str()?.to_owned())).unwrap_or_default()
    }

    /// Keeps the page as a picture, where pictures are wanted.
    pub async fn picture(&self, name: &str) {
        let png = self.client().screenshot().await.unwrap();
        assert!(png.starts_with(b"\x89PNG"), "a picture of {name}");
        if let Some(directory) = std::env::var_os("LOGTO_TEST_SCREENSHOTS") {
            let path = std::path::Path::new(&directory).join(format!("{name}.png"));
            std::fs::write(&path, png).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        }
    }
}
