//! A name that leads to one server or another, as in DNS or a service of Kubernetes: open connections stay where they are.

use std::sync::{
    Arc,
    atomic::{AtomicU16, AtomicUsize, Ordering},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy},
    net::{TcpListener, TcpStream},
};

pub(crate) struct Forwarder {
    address: String,
    target: Arc<AtomicU16>,
    lost: Arc<AtomicUsize>,
}

impl Forwarder {
    pub(crate) async fn to(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (target, lost) = (Arc::new(AtomicU16::new(port)), Arc::new(AtomicUsize::new(0)));
        let (leads_to, loses) = (Arc::clone(&target), Arc::clone(&lost));
        tokio::spawn(async move {
            loop {
                let (client, _) = listener.accept().await.unwrap();
                let port = leads_to.load(Ordering::SeqCst);
                tokio::spawn(forward(client, port, Arc::clone(&loses)));
            }
        });
        Self { address, target, lost }
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://{}", self.address)
    }

    /// New connections lead there.
    pub(crate) fn point_to(&self, port: u16) {
        self.target.store(port, Ordering::SeqCst);
    }

    /// The next command is carried out, and its connection breaks before the answer.
    pub(crate) fn lose_an_answer(&self) {
        self.lose_an_answer_after(0);
    }

    /// The same after so many commands that are answered.
    pub(crate) fn lose_an_answer_after(&self, answered: usize) {
        self.lost.store(answered + 1, Ordering::SeqCst);
    }

    pub(crate) fn has_lost_it(&self) -> bool {
        self.lost.load(Ordering::SeqCst) == 0
    }
}

async fn forward(client: TcpStream, port: u16, lost: Arc<AtomicUsize>) {
    // A server that is down refuses.
    let Ok(server) = TcpStream::connect(("127.0.0.1", port)).await else { return };
    let ((mut from_client, mut to_client), (mut from_server, mut to_server)) =
        (client.into_split(), server.into_split());
    let up = tokio::spawn(async move { copy(&mut from_client, &mut to_server).await });
    let mut buffer = vec![0; 65_536];
    while let Ok(read @ 1..) = from_server.read(&mut buffer).await {
        if lost.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)) == Ok(1)
            || to_client.write_all(&buffer[..read]).await.is_err()
        {
            break;
        }
    }
    up.abort();
}
