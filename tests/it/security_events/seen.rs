//! A subscriber that keeps the security events of this thread.

use std::{
    collections::BTreeMap,
    fmt::Debug,
    sync::{Arc, Mutex},
};

use tracing::{
    Level, Subscriber,
    field::{Field, Visit},
    subscriber::DefaultGuard,
};
use tracing_subscriber::{
    Layer,
    layer::{Context, SubscriberExt},
};

#[derive(Clone, Debug)]
pub struct Event {
    pub level: Level,
    pub fields: BTreeMap<String, String>,
}

impl Event {
    pub fn field(&self, name: &str) -> &str {
        self.fields.get(name).map_or("", String::as_str)
    }
}

#[derive(Clone, Default)]
pub struct Events(Arc<Mutex<Vec<Event>>>);

impl Events {
    /// Keeps the events of this thread, until the guard goes.
    pub fn listen() -> (Self, DefaultGuard) {
        // As for a log: what no one else wants would be off for all threads, now and then.
        _ = tracing::subscriber::set_global_default(tracing_subscriber::registry());
        let events = Self::default();
        (events.clone(), tracing::subscriber::set_default(tracing_subscriber::registry().with(events)))
    }

    pub fn all(&self) -> Vec<Event> {
        self.0.lock().unwrap().clone()
    }
}

impl<S: Subscriber> Layer<S> for Events {
    fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, S>) {
        if event.metadata().target() == "logto::security" {
            let mut fields = Fields::default();
            event.record(&mut fields);
            self.0.lock().unwrap().push(Event { level: *event.metadata().level(), fields: fields.0 });
        }
    }
}

#[derive(Default)]
struct Fields(BTreeMap<String, String>);

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name().to_owned(), value.to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.insert(field.name().to_owned(), format!("{value:?}"));
    }
}
