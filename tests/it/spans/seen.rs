//! A subscriber that keeps the spans of this thread.

use std::{
    collections::BTreeMap,
    fmt::Debug,
    sync::{Arc, Mutex, MutexGuard},
};

use tracing::{
    Event, Level, Subscriber,
    field::{Field, Visit},
    span::{Attributes, Id, Record},
    subscriber::DefaultGuard,
};
use tracing_subscriber::{
    Layer,
    filter::Targets,
    layer::{Context, SubscriberExt},
    registry::LookupSpan,
};

type Fields = BTreeMap<String, String>;

#[derive(Clone, Debug)]
pub struct Span {
    pub id: u64,
    pub name: &'static str,
    pub target: &'static str,
    pub level: Level,
    pub fields: Fields,
    pub parent: Option<u64>,
    pub follows: Vec<u64>,
    pub closed: bool,
}

impl Span {
    pub fn field(&self, name: &str) -> Option<&str> {
        self.fields.get(name).map(String::as_str)
    }
}

#[derive(Default)]
struct Seen {
    spans: Vec<Span>,
    events: Vec<Fields>,
}

#[derive(Clone, Default)]
pub struct Spans(Arc<Mutex<Seen>>);

impl Spans {
    /// Keeps what is told on this thread up to this level, until the guard goes.
    pub fn at(level: Level) -> (Self, DefaultGuard) {
        // As for a log: what no one else wants would be off for all threads, now and then.
        _ = tracing::subscriber::set_global_default(tracing_subscriber::registry());
        let spans = Self::default();
        let wanted = Targets::new().with_target("logto::testing", tracing::level_filters::LevelFilter::OFF);
        let layer = spans.clone().with_filter(wanted.with_target("logto", level));
        (spans, tracing::subscriber::set_default(tracing_subscriber::registry().with(layer)))
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.0.lock().unwrap()
    }

    pub fn all(&self) -> Vec<Span> {
        self.seen().spans.clone()
    }

    pub fn events(&self) -> Vec<Fields> {
        self.seen().events.clone()
    }

    pub fn count(&self, name: &str) -> usize {
        self.seen().spans.iter().filter(|span| span.name == name).count()
    }

    /// The only span of this name.
    #[track_caller]
    pub fn one(&self, name: &str) -> Span {
        self.only(|span| span.name == name)
    }

    /// The only span of this name for this endpoint.
    #[track_caller]
    pub fn of(&self, name: &str, endpoint: &str) -> Span {
        self.only(|span| span.name == name && span.field("logto.endpoint") == Some(endpoint))
    }

    #[track_caller]
    fn only(&self, wanted: impl Fn(&Span) -> bool) -> Span {
        let all = self.all();
        let found: Vec<_> = all.iter().filter(|span| wanted(span)).collect();
        let [one] = found.as_slice() else { panic!("{} are like that: {all:?}", found.len()) };
        (*one).clone()
    }

    fn change(&self, id: &Id, change: impl FnOnce(&mut Span)) {
        // The newest of this number, since numbers come again.
        if let Some(span) = self.seen().spans.iter_mut().rev().find(|span| span.id == id.into_u64()) {
            change(span);
        }
    }
}

struct Texts<'a>(&'a mut Fields);

impl Visit for Texts<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name().to_owned(), value.to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.insert(field.name().to_owned(), format!("{value:?}"));
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Spans {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut fields = Fields::new();
        attributes.record(&mut Texts(&mut fields));
        let parent = context.span(id).and_then(|span| span.parent()).map(|parent| parent.id().into_u64());
        let meta = attributes.metadata();
        self.seen().spans.push(Span {
            id: id.into_u64(),
            name: meta.name(),
            target: meta.target(),
            level: *meta.level(),
            fields,
            parent,
            follows: Vec::new(),
            closed: false,
        });
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, _: Context<'_, S>) {
        self.change(id, |span| values.record(&mut Texts(&mut span.fields)));
    }

    fn on_follows_from(&self, id: &Id, follows: &Id, _: Context<'_, S>) {
        self.change(id, |span| span.follows.push(follows.into_u64()));
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut fields = Fields::new();
        event.record(&mut Texts(&mut fields));
        self.seen().events.push(fields);
    }

    fn on_close(&self, id: Id, _: Context<'_, S>) {
        self.change(&id, |span| span.closed = true);
    }
}
