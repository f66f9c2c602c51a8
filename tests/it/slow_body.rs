//! A request whose body never ends, at a server on a socket of its own.

use std::time::Duration;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// Sends the beginning of a form, and nothing more (Rocket itself waits for 14 bytes of a form, whatever the route). Gives the status line of the answer, for which it waits as long as a test may take.
pub async fn answer_to_half_a_form(base: &str) -> String {
    let address = base.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).await.unwrap();
    let head = format!(
        "POST /logto/back-channel-logout HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 1000\r\n\r\nlogout_token=and-no-more"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let read = async {
        while !answer.ends_with(b"\r\n") {
            answer.push(stream.read_u8().await.unwrap());
        }
    };
    tokio::time::timeout(Duration::from_secs(50), read).await.expect("the body is waited for without end");
    String::from_utf8(answer).unwrap().trim_end().to_owned()
}
