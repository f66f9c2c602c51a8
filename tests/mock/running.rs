//! Where the server runs, and whose its port is.

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    time::Duration,
};

use logto::testing::{Endpoint, Fault, MockLogto};
use tokio::sync::OnceCell;

use crate::support::{authorization_url, client, decoded, exchange, text};

/// All tests of a program may use one.
async fn shared() -> &'static MockLogto {
    static LOGTO: OnceCell<MockLogto> = OnceCell::const_new();
    LOGTO.get_or_init(MockLogto::start).await
}

fn port(mock: &MockLogto) -> u16 {
    mock.endpoint().rsplit(':').next().unwrap().parse().unwrap()
}

/// A client that knows no runtime: until the answer is there, its thread does nothing else.
fn blocking_get(mock: &MockLogto, path: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port(mock))).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

async fn signs_in(mock: &MockLogto) {
    let callback = mock.sign_in(&authorization_url(mock, &[]), "ada").await;
    assert_eq!(exchange(mock, &callback).await.status, 200);
}

#[test]
fn one_mock_serves_tests_that_each_have_a_runtime_of_their_own() {
    let endpoints: Vec<_> = (0..3)
        .map(|_| {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let mock = shared().await;
                signs_in(mock).await;
                mock.endpoint()
            })
        })
        .collect();
    assert!(endpoints.iter().all(|endpoint| *endpoint == endpoints[0]));
}

#[test]
fn users_who_sign_in_at_once_on_several_threads_each_get_a_code_of_their_own() {
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mock = runtime().block_on(MockLogto::start());
    std::thread::scope(|scope| {
        for user in ["ada", "bob", "ada", "bob"] {
            let (mock, runtime) = (&mock, &runtime);
            scope.spawn(move || {
                runtime().block_on(async {
                    for _ in 0..25 {
                        let callback = mock.sign_in(&authorization_url(mock, &[]), user).await;
                        let tokens = exchange(mock, &callback).await.json();
                        let (_, claims) = decoded(text(&tokens, "id_token"));
                        assert_eq!(claims["sub"], format!("user-{user}"));
                    }
                });
            });
        }
    });
}

#[test]
fn a_mock_needs_no_runtime_of_its_users() {
    let mut started = std::pin::pin!(MockLogto::start());
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    let std::task::Poll::Ready(mock) = started.as_mut().poll(&mut context) else { panic!("it waits for nothing") };
    assert!(blocking_get(&mock, "/oidc/jwks").starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn a_blocking_client_on_the_thread_of_the_test_is_answered() {
    let mock = MockLogto::start().await;
    for _ in 0..3 {
        assert!(blocking_get(&mock, "/oidc/jwks").contains("\"keys\""));
    }
    mock.stop().await;
    mock.restart().await.unwrap();
    assert!(blocking_get(&mock, "/oidc/jwks").contains("\"keys\""));
}

#[tokio::test]
async fn a_port_is_free_once_its_mock_is_dropped_whatever_that_was_doing() {
    let first = MockLogto::start().await;
    let port = port(&first);
    let mut mock = first;
    for _ in 0..20 {
        // A connection that is open, and a request that is never answered.
        mock.inject_fault(Endpoint::Jwks, Fault::hang());
        let open = TcpStream::connect(("127.0.0.1", port)).unwrap();
        let waits = tokio::spawn(client().get(format!("{}/jwks", mock.issuer())).send());
        while mock.request_count(Endpoint::Jwks) == 0 {
            tokio::task::yield_now().await;
        }
        drop(mock);
        mock = MockLogto::builder().port(port).start().await.unwrap();
        assert!(waits.await.unwrap().is_err(), "its connection ended with the server");
        drop(open);
    }
    drop(mock);
    drop(TcpListener::bind(("127.0.0.1", port)).unwrap());
}

#[tokio::test]
async fn nobody_is_given_the_port_of_a_mock_that_is_stopped() {
    let mock = MockLogto::start().await;
    let port = port(&mock);
    for _ in 0..3 {
        mock.stop().await;
        assert!(TcpStream::connect(("127.0.0.1", port)).is_err(), "nobody answers there");
        if cfg!(target_os = "linux") {
            assert!(TcpListener::bind(("127.0.0.1", port)).is_err());
            assert!(MockLogto::builder().port(port).start().await.is_err());
            let others: Vec<_> = (0..200).map(|_| TcpListener::bind("127.0.0.1:0").unwrap()).collect();
            assert!(others.iter().all(|other| other.local_addr().unwrap().port() != port));
        }
        mock.restart().await.unwrap();
        signs_in(&mock).await;
    }
}

#[tokio::test]
async fn a_mock_can_be_dropped_or_stopped_on_another_thread() {
    let mock = MockLogto::start().await;
    let port = port(&mock);
    tokio::task::spawn_blocking(move || drop(mock)).await.unwrap();
    let mock = MockLogto::builder().port(port).start().await.unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            runtime.block_on(mock.stop());
        });
    });
    assert!(TcpStream::connect(("127.0.0.1", port)).is_err());
}

/// While another thread answers, a paused clock jumps to the client's timeout.
#[tokio::test(start_paused = true)]
async fn a_paused_clock_stands_still_while_a_mock_on_its_runtime_answers() {
    let mock = MockLogto::builder().on_this_runtime().start().await.unwrap();
    let begun = tokio::time::Instant::now();
    for _ in 0..20 {
        signs_in(&mock).await;
    }
    assert_eq!(begun.elapsed(), Duration::ZERO);
    // Its own delays go by the same clock.
    mock.inject_fault(Endpoint::Jwks, Fault::delay(Duration::from_secs(3600)).times(1));
    assert_eq!(client().get(format!("{}/jwks", mock.issuer())).send().await.unwrap().status(), 200);
    assert!(begun.elapsed() >= Duration::from_secs(3600));
    mock.stop().await;
    let port = port(&mock);
    assert!(TcpStream::connect(("127.0.0.1", port)).is_err());
    mock.restart().await.unwrap();
    signs_in(&mock).await;
    mock.stop().await;
    drop(mock);
    drop(TcpListener::bind(("127.0.0.1", port)).unwrap());
}
