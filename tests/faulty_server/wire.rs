//! A server below HTTP: it says what it likes, and counts what it could say before it was left.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use crate::port::Port;

/// Far more than anyone should read.
pub const HUNDRED_MB: u64 = 100 * 1024 * 1024;
/// The 1 MB that is read, and what a kernel takes of its own accord for both ends of a connection on this machine.
pub const LEFT_AFTER: u64 = 16 * 1024 * 1024;

#[derive(Clone, Copy, Debug)]
pub enum Script {
    /// These bytes, and the end.
    Say(&'static [u8]),
    /// The head, then this again and again, 100 MB of it.
    Pour(&'static str, &'static str),
    /// The head, then one byte after the other, for ever.
    Drip(&'static str),
    /// A redirect with this status to the trap.
    Lead(u16),
}

pub struct Wire {
    pub origin: String,
    /// Bytes of the longest answer. A second try of a revocation comes later, by a connection of its own.
    said: Arc<AtomicU64>,
    /// How often somebody came to where the redirects lead.
    trapped: Arc<AtomicUsize>,
}

impl Wire {
    pub async fn start(script: Script) -> Self {
        let (listener, origin) = listen().await;
        let (trap, trap_origin) = listen().await;
        let (said, trapped) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicUsize::new(0)));
        let (count, caught) = (Arc::clone(&said), Arc::clone(&trapped));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(answer(stream, script, trap_origin.clone(), Arc::clone(&count)));
            }
        });
        tokio::spawn(async move {
            while trap.accept().await.is_ok() {
                caught.fetch_add(1, Ordering::SeqCst);
            }
        });
        Self { origin, said, trapped }
    }

    pub fn said(&self) -> u64 {
        self.said.load(Ordering::SeqCst)
    }

    pub fn trapped(&self) -> usize {
        self.trapped.load(Ordering::SeqCst)
    }
}

/// An address at which nobody listens, for as long as the port is held.
pub fn nobody() -> (Port, String) {
    let port = Port::reserve();
    let origin = format!("http://127.0.0.1:{}", port.number());
    (port, origin)
}

async fn listen() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    (listener, origin)
}

async fn answer(mut stream: TcpStream, script: Script, trap: String, said: Arc<AtomicU64>) {
    let mut request = Vec::new();
    while !request.windows(4).any(|window| window == b"\r\n\r\n") {
        match stream.read_buf(&mut request).await {
            Ok(0) | Err(_) => return,
            Ok(_) => {}
        }
    }
    // Whoever has enough hangs up, which ends this with an error.
    _ = match script {
        Script::Say(bytes) => stream.write_all(bytes).await,
        Script::Lead(status) => {
            let head = format!(
                "HTTP/1.1 {status} Elsewhere\r\nlocation: {trap}/latest/meta-data\r\ncontent-length: 0\r\n\r\n"
            );
            stream.write_all(head.as_bytes()).await
        }
        Script::Pour(head, text) => pour(&mut stream, head, text, &said).await,
        Script::Drip(head) => drip(&mut stream, head).await,
    };
    _ = stream.shutdown().await;
}

async fn pour(stream: &mut TcpStream, head: &str, text: &str, said: &AtomicU64) -> std::io::Result<()> {
    stream.write_all(head.as_bytes()).await?;
    let block = text.repeat(64 * 1024 / text.len());
    let mut poured = 0;
    while poured < HUNDRED_MB {
        poured += u64::try_from(stream.write(block.as_bytes()).await?).unwrap();
        said.fetch_max(poured, Ordering::SeqCst);
    }
    Ok(())
}

async fn drip(stream: &mut TcpStream, head: &str) -> std::io::Result<()> {
    stream.write_all(head.as_bytes()).await?;
    loop {
        stream.write_all(b" ").await?;
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
