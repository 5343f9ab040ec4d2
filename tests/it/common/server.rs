//! A small loopback server that does what real ones do on bad days. Raw bytes, no HTTP library.

use serde_json::json;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// How long a connection may last at most; no test waits for it.
const BOUND: Duration = Duration::from_secs(60);

/// What the server does on one connection, step by step.
#[derive(Clone, Debug)]
pub(crate) enum Do {
    /// Sends these bytes.
    Send(Vec<u8>),
    /// Sends `chunk` this many times.
    Flood { chunk: Vec<u8>, times: usize },
    /// Sends one byte of these every so often.
    Drip { bytes: Vec<u8>, every: Duration },
    /// Says nothing more until the other side goes, and reports that it went.
    Hang,
    /// Breaks the connection without an orderly end.
    Reset,
}

/// A request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) head: String,
    pub(crate) body: String,
}

pub(crate) struct Server {
    pub(crate) port: u16,
    asked: Arc<Mutex<Vec<Asked>>>,
    gone: Mutex<Receiver<()>>,
    ended: Arc<AtomicBool>,
}

impl Server {
    /// A server that does `plan` of the n-th request (from 0) on the n-th connection.
    pub(crate) fn start(plan: impl Fn(usize, &Asked) -> Vec<Do> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let ended = Arc::new(AtomicBool::new(false));
        let (report, gone) = mpsc::channel();
        let (log, over, plan) = (Arc::clone(&asked), Arc::clone(&ended), Arc::new(plan));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if over.load(Ordering::Relaxed) {
                    return;
                }
                let (log, plan, report) = (Arc::clone(&log), Arc::clone(&plan), report.clone());
                thread::spawn(move || {
                    // A connection that the program has left is gone as well, also before it hangs.
                    if serve(stream, &log, &*plan, &report).is_err() {
                        let _nobody_waits = report.send(());
                    }
                });
            }
        });
        Self {
            port,
            asked,
            gone: Mutex::new(gone),
            ended,
        }
    }

    /// A server that sends these bytes on every connection.
    pub(crate) fn sending(bytes: Vec<u8>) -> Self {
        Self::start(move |_, _| vec![Do::Send(bytes.clone())])
    }

    /// All requests so far.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().expect("the log").clone()
    }

    /// Waits until the other side of a hanging connection is gone.
    pub(crate) fn wait_until_gone(&self) {
        self.gone
            .lock()
            .expect("one waiter")
            .recv_timeout(BOUND)
            .expect("the connection is closed by the program");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Relaxed);
        drop(TcpStream::connect(("127.0.0.1", self.port)));
    }
}

fn serve(
    mut stream: TcpStream,
    log: &Mutex<Vec<Asked>>,
    plan: &dyn Fn(usize, &Asked) -> Vec<Do>,
    report: &Sender<()>,
) -> std::io::Result<()> {
    stream.set_read_timeout(Some(BOUND))?;
    stream.set_write_timeout(Some(BOUND))?;
    let asked = read_request(&stream)?;
    let place = {
        let mut log = log.lock().expect("the log");
        log.push(asked.clone());
        log.len() - 1
    };
    for step in plan(place, &asked) {
        match step {
            Do::Send(bytes) => stream.write_all(&bytes)?,
            Do::Flood { chunk, times } => {
                for _ in 0..times {
                    stream.write_all(&chunk)?;
                }
            }
            Do::Drip { bytes, every } => {
                for byte in bytes {
                    stream.write_all(&[byte])?;
                    thread::sleep(every);
                }
            }
            Do::Hang => {
                let mut rest = [0; 64];
                while stream.read(&mut rest).is_ok_and(|read| read > 0) {}
                let _nobody_waits = report.send(());
                return Ok(());
            }
            Do::Reset => {
                // Unread bytes and a linger of zero make the kernel answer with a reset.
                rustix::net::sockopt::set_socket_linger(&stream, Some(Duration::ZERO))?;
                return Ok(());
            }
        }
    }
    stream.shutdown(Shutdown::Write)?;
    Ok(())
}

fn read_request(stream: &TcpStream) -> std::io::Result<Asked> {
    let mut reader = BufReader::new(stream);
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 || line == "\r\n" {
            break;
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap_or(0);
        }
        head.push_str(&line);
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    Ok(Asked {
        head,
        body: String::from_utf8_lossy(&body).into_owned(),
    })
}

/// A whole reply with a body of known length.
pub(crate) fn reply(status: u16, headers: &str, content_type: &str, body: &str) -> Vec<u8> {
    format!(
        "HTTP/1.1 {status} Status\r\nContent-Type: {content_type}\r\nContent-Length: {}\r\n{headers}Connection: close\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// The head of a reply whose body ends with the connection.
pub(crate) fn stream_head(content_type: &str) -> Vec<u8> {
    format!("HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\nConnection: close\r\n\r\n")
        .into_bytes()
}

/// A good reply of an OpenAI server, in several pieces.
pub(crate) fn say(text: &str) -> Vec<Do> {
    let mut frames = String::new();
    for piece in text.as_bytes().chunks(24) {
        let content = String::from_utf8_lossy(piece);
        let data = json!({ "choices": [{ "index": 0, "delta": { "content": content } }] });
        frames.push_str(&format!("data: {data}\n\n"));
    }
    let stop = json!({ "choices": [{ "index": 0, "delta": {}, "finish_reason": "stop" }] });
    frames.push_str(&format!("data: {stop}\n\ndata: [DONE]\n\n"));
    vec![
        Do::Send(stream_head("text/event-stream")),
        Do::Send(frames.into_bytes()),
    ]
}
