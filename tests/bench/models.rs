//! A loopback server that answers as a model does, after a set time.

use std::io::{BufRead as _, BufReader, Read as _, Result, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// How long a connection may be silent.
const BOUND: Duration = Duration::from_secs(30);

pub(crate) struct Models {
    pub(crate) port: u16,
    calls: Arc<Mutex<Vec<Duration>>>,
}

impl Models {
    /// A server that answers each call after `delay`. It ends with this process.
    pub(crate) fn start(delay: Duration) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let calls = Arc::default();
        let log = Arc::clone(&calls);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let log = Arc::clone(&log);
                // A connection ends when the program leaves it.
                thread::spawn(move || drop(serve(&stream, delay, &log)));
            }
        });
        Self { port, calls }
    }

    /// How long each call took here since this was last asked, in the order of their ends.
    pub(crate) fn taken(&self) -> Vec<Duration> {
        let mut calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut calls)
    }

    /// A spec of three members, three rounds and a chair, all asked here.
    pub(crate) fn spec(&self) -> String {
        let port = self.port;
        let members: String = ["optimist", "skeptic", "pragmatist"]
            .iter()
            .map(|id| format!("[[member]]\nid = \"{id}\"\n"))
            .collect();
        let round = "[[round]]\nkind = \"independent_analysis\"\n".repeat(3);
        format!(
            "name = \"bench\"\n\
             [providers.lab]\nkind = \"openai\"\nbase_url = \"http://127.0.0.1:{port}/v1\"\n\
             [defaults]\nmodel = \"lab/model\"\n\
             {members}[chair]\n{round}[[round]]\nkind = \"synthesis\"\n"
        )
    }
}

fn serve(stream: &TcpStream, delay: Duration, log: &Mutex<Vec<Duration>>) -> Result<()> {
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(BOUND))?;
    stream.set_write_timeout(Some(BOUND))?;
    let reply = reply();
    let (mut reader, mut writer) = (BufReader::new(stream), stream);
    while read_request(&mut reader)? {
        let since = Instant::now();
        thread::sleep(delay);
        writer.write_all(&reply)?;
        let mut log = log.lock().unwrap_or_else(PoisonError::into_inner);
        log.push(since.elapsed());
    }
    Ok(())
}

/// Whether another request came, whole.
fn read_request(reader: &mut BufReader<&TcpStream>) -> Result<bool> {
    let (mut line, mut length) = (String::new(), 0);
    loop {
        line.clear();
        if reader.read_line(&mut line)? == 0 {
            return Ok(false);
        }
        let header = line.trim_end().to_ascii_lowercase();
        if header.is_empty() {
            break;
        }
        if let Some(value) = header.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap_or(0);
        }
    }
    reader.read_exact(&mut vec![0; length])?;
    Ok(true)
}

/// A streamed reply of ten pieces, with the tokens that it took.
fn reply() -> Vec<u8> {
    let chunk = |choices: &str, rest: &str| {
        format!(
            "data: {{\"id\":\"x\",\"object\":\"chat.completion.chunk\",\"created\":0,\
             \"model\":\"model\",\"choices\":[{choices}]{rest}}}\n\n"
        )
    };
    let piece =
        r#"{"index":0,"delta":{"content":"a few words of an answer "},"finish_reason":null}"#;
    let stop = r#"{"index":0,"delta":{},"finish_reason":"stop"}"#;
    let usage = r#","usage":{"prompt_tokens":100,"completion_tokens":50,"total_tokens":150}"#;
    let body =
        chunk(piece, "").repeat(10) + &chunk(stop, "") + &chunk("", usage) + "data: [DONE]\n\n";
    format!(
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}
