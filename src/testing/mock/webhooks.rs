//! Webhooks: which there are, and what they were sent.

use std::pin::pin;

use super::{
    MockLogto,
    builder::MockLogtoBuilder,
    directory::MockWebhook,
    messages::delivery::{MockDelivery, Outcome},
};

impl MockLogtoBuilder {
    /// Registers a webhook. Users that the server is set up with are there before it.
    pub fn webhook(mut self, webhook: MockWebhook) -> Self {
        self.directory.webhooks.push(webhook);
        self
    }
}

/// Webhooks. Each event is a request of its own to each webhook that wants it: in the background, within 10 seconds, and once, also where the receiver
/// fails.
///
/// | What happens here | What is told |
/// |---|---|
/// | a user signs in on a page, or by [`sign_in`](Self::sign_in) where that takes a page | `PostSignIn` |
/// | a user registers on a page, or comes by way of Kakao for the first time | `User.Created` and `PostRegister` |
/// | [`add_user`](Self::add_user), [`delete_user`](Self::delete_user) | `User.Created`, `User.Deleted` |
/// | [`update_user`](Self::update_user) changes what a webhook tells of a user, or the password; a user changes it by the Account API | `User.Data.Updated` |
/// | [`update_user`](Self::update_user) makes the user a member of an organization, or one no longer | `Organization.Membership.Updated`, for each organization |
/// | [`suspend_user`](Self::suspend_user), [`unsuspend_user`](Self::unsuspend_user) | `User.SuspensionStatus.Updated` |
impl MockLogto {
    /// Registers a webhook while the server runs: an application knows its own address by then. One with the same id is replaced.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// use logto::testing::{MockLogto, MockWebhook};
    ///
    /// let mock = MockLogto::start().await;
    /// # let hook = "http://127.0.0.1:9/hook";
    /// mock.add_webhook(MockWebhook::new(hook).events(["User.SuspensionStatus.Updated"]).signing_key("a signing key"));
    /// mock.suspend_user("ada");
    /// for delivery in mock.deliveries().await {
    ///     println!("{} {:?} {:?}", delivery.event(), delivery.status(), delivery.error());
    /// }
    /// # }
    /// ```
    pub fn add_webhook(&self, webhook: MockWebhook) {
        let mut state = self.shared.state();
        let now = state.now();
        state.directory.webhooks.retain(|known| known.id != webhook.id);
        state.directory.webhooks.push(MockWebhook { created_at: Some(now), ..webhook });
    }

    /// Changes a webhook, named by its id. Says whether there is such a webhook.
    pub fn update_webhook(&self, id: &str, change: impl FnOnce(MockWebhook) -> MockWebhook) -> bool {
        let mut state = self.shared.state();
        let Some(webhook) = state.directory.webhooks.iter_mut().find(|webhook| webhook.id == id) else { return false };
        *webhook = change(webhook.clone());
        true
    }

    /// Sends made-up deliveries of these events to a webhook, as "Send test payload" in the Console does. Says whether there is such a webhook.
    pub fn test_webhook<T: ToString>(&self, id: &str, events: impl IntoIterator<Item = T>) -> bool {
        let mut state = self.shared.state();
        let Some(webhook) = state.directory.webhooks.iter().find(|webhook| webhook.id == id).cloned() else {
            return false;
        };
        let events: Vec<_> = events.into_iter().map(|event| event.to_string()).collect();
        state.test_webhook(&webhook, &events);
        true
    }

    /// Sends a delivery once more, byte for byte, as whoever has recorded one could.
    pub fn deliver_again(&self, delivery: &MockDelivery) {
        self.shared.state().deliveries.send(MockDelivery { outcome: Outcome::Waiting, ..delivery.clone() });
    }

    /// All deliveries, oldest first, once none is on its way any more: 10 seconds after the last event at the latest. A server that was
    /// [stopped](Self::stop) does not send what is left before it [restarts](Self::restart), and is not waited for.
    pub async fn deliveries(&self) -> Vec<MockDelivery> {
        let changed = self.shared.state().deliveries.changed();
        loop {
            let mut news = pin!(changed.notified());
            // From here on no end is missed.
            news.as_mut().enable();
            let is_running = self.running().is_some();
            let all = self.shared.state().deliveries.all().to_vec();
            if !is_running || !all.iter().any(MockDelivery::is_open) {
                return all;
            }
            news.await;
        }
    }
}
