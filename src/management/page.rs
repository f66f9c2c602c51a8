//! Lists, page by page.

use std::{
    collections::VecDeque,
    fmt,
    marker::PhantomData,
    pin::Pin,
    task::{Context, Poll, ready},
};

use futures_core::Stream;
use http::Method;
use serde::de::DeserializeOwned;

use super::{Management, Path};
use crate::{
    error::{Code, Error, Result},
    types::BoxFuture,
};

/// Logto gives no larger page.
const MAX_PAGE_SIZE: u32 = 100;

/// A list that Logto gives page by page. Nothing is sent before a page is asked for.
///
/// ```
/// # async fn example(management: logto::management::Management) -> logto::Result<()> {
/// let first = management.roles().list().page(1, 20).await?;
/// println!("{} of {:?}", first.items.len(), first.total);
///
/// let mut roles = management.roles().list().items();
/// while let Some(role) = roles.next().await {
///     println!("{}", role?.name);
/// }
/// # Ok(()) }
/// ```
#[must_use]
pub struct List<T> {
    management: Management,
    path: Path,
    source: Source,
    item: PhantomData<fn() -> T>,
}

/// How Logto gives a list.
#[derive(Debug, Clone, Copy)]
enum Source {
    /// Page by page.
    Paged,
    /// All of it at once.
    Whole,
    /// All of it at once, as this member of an object.
    Member(&'static str),
}

/// One page of a list.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// How many items the whole list has. `None` if Logto gave the whole list at once.
    pub total: Option<u64>,
    /// The number of the page. The first one is 1.
    pub number: u32,
    /// How many items a full page has.
    pub size: u32,
}

impl<T> Page<T> {
    /// The page of a list that is here.
    fn part_of(all: Vec<T>, number: u32, size: u32) -> Self {
        let total = u64::try_from(all.len()).ok();
        let amount = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
        let before = amount(number.saturating_sub(1)).saturating_mul(amount(size));
        Self { items: all.into_iter().skip(before).take(amount(size)).collect(), total, number, size }
    }

    /// Returns whether there is a further page.
    #[must_use]
    pub fn has_next(&self) -> bool {
        let before = u64::from(self.number).saturating_mul(self.size.into());
        !self.items.is_empty() && self.total.is_some_and(|total| before < total)
    }
}

impl<T: DeserializeOwned> List<T> {
    pub(super) fn new(management: Management, path: Path) -> Self {
        Self { management, path, source: Source::Paged, item: PhantomData }
    }

    /// Returns a list that Logto gives at once and that takes no page parameters. Its pages are parts of the answer.
    pub(super) fn whole(self) -> Self {
        Self { source: Source::Whole, ..self }
    }

    /// Returns a list that Logto gives at once as a member of an object.
    pub(super) fn member(self, name: &'static str) -> Self {
        Self { source: Source::Member(name), ..self }
    }

    /// Adds a parameter of the query.
    pub fn query(mut self, name: impl Into<String>, value: impl ToString) -> Self {
        self.path = self.path.query(name, value);
        self
    }

    /// Asks for one page. The first one is 1; a page has 1 to 100 items.
    ///
    /// # Errors
    /// `options.invalid` for another number or size; nothing is sent then. See also [`Management`].
    pub async fn page(&self, number: u32, size: u32) -> Result<Page<T>> {
        if number == 0 || size == 0 || size > MAX_PAGE_SIZE {
            let message = format!(
                "there is no page {number} of {size} items: pages begin with 1 and have 1 to {MAX_PAGE_SIZE} items"
            );
            return Err(Error::new(Code::InvalidOption, message));
        }
        if !matches!(self.source, Source::Paged) {
            return Ok(Page::part_of(self.all().await?, number, size));
        }
        // By number: the addresses in Logto's `Link` lack `/api`.
        let path = self.path.clone().query("page", number).query("page_size", size);
        let answer = self.management.call(Method::GET, path, None).await?;
        Ok(Page { items: answer.read()?, total: answer.total(), number, size })
    }

    /// Asks for a list that Logto gives at once.
    async fn all(&self) -> Result<Vec<T>> {
        let answer = self.management.call(Method::GET, self.path.clone(), None).await?;
        match self.source {
            Source::Member(name) => answer.read_member(name),
            _ => answer.read(),
        }
    }

    /// Asks for as many items as one answer has.
    async fn most(&self, number: u32) -> Result<Page<T>> {
        match self.source {
            Source::Paged => self.page(number, MAX_PAGE_SIZE).await,
            _ => Ok(Page::part_of(self.all().await?, 1, u32::MAX)),
        }
    }

    /// Returns all items, by one request for each hundred. One page is in memory at a time. A list that Logto gives at once is asked for once.
    ///
    /// Pages are asked for by number. If items are created or deleted meanwhile, one may be missing or come twice.
    pub fn items(self) -> Items<T> {
        Items { list: self, buffer: VecDeque::new(), next: Some(1), asked: None }
    }
}

impl<T> Clone for List<T> {
    fn clone(&self) -> Self {
        Self { management: self.management.clone(), path: self.path.clone(), source: self.source, item: PhantomData }
    }
}

/// Without the query, which may name people.
impl<T> fmt::Debug for List<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("List").finish_non_exhaustive()
    }
}

/// The items of a list: a [`Stream`], with [`next`](Self::next) for programs without a crate for streams.
///
/// After an error the same page is asked for once more by the next call, so a program may go on.
#[must_use = "nothing is asked for before an item is"]
pub struct Items<T> {
    list: List<T>,
    buffer: VecDeque<T>,
    /// The page to be asked for. `None` after the last.
    next: Option<u32>,
    asked: Option<BoxFuture<'static, Result<Page<T>>>>,
}

impl<T: DeserializeOwned + Send + 'static> Items<T> {
    /// Returns the next item. `None` after the last.
    ///
    /// # Errors
    /// See [`Management`].
    pub async fn next(&mut self) -> Option<Result<T>> {
        std::future::poll_fn(|cx| self.poll(cx)).await
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<T>>> {
        loop {
            if let Some(item) = self.buffer.pop_front() {
                return Poll::Ready(Some(Ok(item)));
            }
            let Some(number) = self.next else {
                return Poll::Ready(None);
            };
            let list = &self.list;
            let asked = self.asked.get_or_insert_with(|| {
                let list = list.clone();
                Box::pin(async move { list.most(number).await })
            });
            let answered = ready!(asked.as_mut().poll(cx));
            self.asked = None;
            match answered {
                Ok(page) => {
                    self.next = page.has_next().then(|| number.checked_add(1)).flatten();
                    self.buffer = page.items.into();
                }
                Err(error) => return Poll::Ready(Some(Err(error))),
            }
        }
    }
}

impl<T: DeserializeOwned + Send + 'static> Stream for Items<T> {
    type Item = Result<T>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.get_mut().poll(cx)
    }
}

// The items are moved, never pinned.
impl<T> Unpin for Items<T> {}

impl<T> fmt::Debug for Items<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Items").field("list", &self.list).finish_non_exhaustive()
    }
}
