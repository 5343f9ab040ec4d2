//! A small server on the loopback interface that plays bytes, for tests of what real servers do.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

/// How long the server waits for anything.
const PATIENCE: Duration = Duration::from_secs(20);

/// What the server does with a connection.
#[derive(Clone)]
pub(super) enum Step {
    /// Reads a request, head and body.
    Read,
    /// Reads a few bytes of a request; with a close, the rest makes it a reset.
    Nibble,
    /// Sends these bytes.
    Send(Vec<u8>),
    /// Waits until the client has gone, and reports that.
    AwaitEnd,
}

/// What the server tells the test.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Seen {
    /// A request.
    Request(String),
    /// The client closed the connection.
    Gone,
}

/// A server that plays one list of steps a connection, in order.
pub(super) struct Loopback {
    pub(super) address: SocketAddr,
    connections: Arc<AtomicUsize>,
    seen: Receiver<Seen>,
}

impl Loopback {
    pub(super) fn start(plays: Vec<Vec<Step>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("its address");
        let connections = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&connections);
        let (tell, seen) = channel();
        thread::spawn(move || {
            for steps in plays {
                let Ok((stream, _)) = listener.accept() else {
                    return;
                };
                count.fetch_add(1, Ordering::SeqCst);
                play(stream, steps, &tell);
            }
        });
        Self {
            address,
            connections,
            seen,
        }
    }

    /// A server that reads a request and sends `reply`.
    pub(super) fn replying(reply: &str) -> Self {
        Self::start(vec![vec![Step::Read, Step::Send(reply.into())]])
    }

    pub(super) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    /// What the server saw next.
    pub(super) fn seen(&self) -> Seen {
        self.seen
            .recv_timeout(PATIENCE)
            .expect("the server saw something")
    }

    /// The body of the request that came next, as JSON.
    pub(super) fn body(&self) -> serde_json::Value {
        let Seen::Request(request) = self.seen() else {
            panic!("no request");
        };
        let (_, body) = request.split_once("\r\n\r\n").expect("a body");
        serde_json::from_str(body).expect("JSON")
    }
}

fn play(mut stream: TcpStream, steps: Vec<Step>, tell: &Sender<Seen>) {
    stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    for step in steps {
        match step {
            Step::Read => {
                let request = request(&mut stream);
                // A test that has seen enough has dropped its receiver.
                let _sent = tell.send(Seen::Request(request));
            }
            Step::Nibble => {
                stream.read_exact(&mut [0; 16]).expect("a request");
            }
            Step::Send(bytes) => {
                if stream
                    .write_all(&bytes)
                    .and_then(|()| stream.flush())
                    .is_err()
                {
                    return;
                }
            }
            Step::AwaitEnd => {
                let gone = matches!(stream.read(&mut [0; 1]), Ok(0) | Err(_));
                if gone {
                    let _sent = tell.send(Seen::Gone);
                }
                return;
            }
        }
    }
    let _closed = stream.shutdown(Shutdown::Write);
}

fn request(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&bytes);
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .lines()
                .find_map(|line| {
                    line.to_ascii_lowercase()
                        .strip_prefix("content-length:")?
                        .trim()
                        .parse()
                        .ok()
                })
                .unwrap_or(0);
            if body.len() >= length {
                return text.into_owned();
            }
        }
        assert!(bytes.len() < 1 << 20, "the request is too long");
        let count = stream.read(&mut chunk).expect("more of the request");
        assert_ne!(count, 0, "the request is cut");
        bytes.extend_from_slice(&chunk[..count]);
    }
}

/// A reply of `kind` that ends with its connection.
pub(super) fn reply(status: &str, kind: &str, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\ncontent-type: {kind}\r\nconnection: close\r\n{headers}\r\n{body}")
}

/// The head of a stream whose chunks tell its end.
pub(super) const STREAM: &str =
    "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";

/// One chunk.
pub(super) fn chunk(bytes: &[u8]) -> Vec<u8> {
    let mut chunk = format!("{:x}\r\n", bytes.len()).into_bytes();
    chunk.extend_from_slice(bytes);
    chunk.extend_from_slice(b"\r\n");
    chunk
}

/// A reply that streams `frames` and ends well.
pub(super) fn streamed(frames: &[&str]) -> String {
    let body: String = frames
        .iter()
        .map(|frame| format!("data: {frame}\n\n"))
        .collect();
    reply("200 OK", "text/event-stream", "", &body)
}
