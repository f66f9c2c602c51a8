//! A holder of a token that the server has just issued does not get the result that others get.

use std::sync::Arc;

use super::{Caller, Subject, failure, settle};

#[tokio::test]
async fn a_trusted_caller_refetches_once_whatever_other_callers_fetched() {
    let subject = Subject::new();
    let first = subject.get().await.unwrap();
    let second = subject.refetch(&first).await.unwrap();
    assert_eq!(*subject.refetch(&second).await.unwrap(), 2, "a stranger waits for the cooldown");
    let came = subject.cached.turn();
    let refetch =
        async |known: &Arc<usize>| subject.cached.refetch(Caller::Trusted, came, known, || subject.fetch(Ok)).await;
    let third = refetch(&second).await.unwrap();
    assert_eq!(*third, 3);
    // That fetch began after it came: a second one would say the same.
    assert!(Arc::ptr_eq(&refetch(&third).await.unwrap(), &third));
    assert_eq!(subject.fetches(), 3);
}

#[tokio::test]
async fn a_trusted_caller_is_told_of_a_failed_fetch_only_if_the_fetch_began_after_its_call() {
    let subject = Subject::new();
    let known = subject.get().await.unwrap();
    subject.refetch_failing(&known).await.unwrap_err();
    assert_eq!(*subject.refetch_as(Caller::Trusted, &known).await.unwrap(), 3);

    // Nor where there is nothing to serve yet.
    let subject = Subject::new();
    subject.get_failing().await.unwrap_err();
    assert!(subject.get().await.is_err());
    assert_eq!(*subject.cached.get(Caller::Trusted, || subject.fetch(Ok)).await.unwrap(), 2);

    // A hundred callers of an unavailable server wait for the running fetch and for one of their own.
    let subject = Subject::new();
    let known = subject.get().await.unwrap();
    let (end, _first) = subject.refetch_slowly(&known);
    settle().await;
    let waiting: Vec<_> = (0..100)
        .map(|_| {
            let (subject, known) = (Arc::clone(&subject), Arc::clone(&known));
            tokio::spawn(async move {
                let failing = || subject.fetch(|number| Err(failure(number)));
                subject.cached.refetch(Caller::Trusted, subject.cached.turn(), &known, failing).await
            })
        })
        .collect();
    settle().await;
    end.send(Err(failure(2))).unwrap();
    for task in waiting {
        assert_eq!(task.await.unwrap().unwrap_err().to_string(), "failure 3");
    }
    assert_eq!(subject.fetches(), 3);
}
