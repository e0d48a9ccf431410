//! What stands between browser and server: passes requests on, and on wish refuses, holds or damages answers, by path.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use url::Url;

use crate::wait;

/// The longest request head that is read.
const MAX_HEAD: usize = 64 * 1024;

/// What happens to a request that a rule is for.
///
/// A rule's pattern is a text that `METHOD /path` holds; `*` in it stands for anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// The connection is closed without an answer.
    Refuse,
    /// Waits until [`Front::release`], then passes.
    Hold,
    /// Passes; the answer waits until [`Front::release`].
    HoldReply,
    /// Passes; one byte in the middle of the answer's body is another one.
    Flip,
}

/// A request that came by.
#[derive(Clone, Debug)]
struct Seen {
    line: String,
    bytes: u64,
}

/// The front. It lives as long as the story's runtime.
#[derive(Clone, Debug)]
pub struct Front {
    /// Where browsers find it, on `localhost`.
    pub url: Url,
    target: SocketAddr,
    rules: Arc<Mutex<Vec<(String, Act)>>>,
    seen: Arc<Mutex<Vec<Seen>>>,
    released: Arc<watch::Sender<u64>>,
}

impl Front {
    /// Starts one before `target`, where nothing has to listen yet.
    pub async fn start(target: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("bound").port();
        let front = Self {
            url: format!("http://localhost:{port}").parse().expect("a URL"),
            target,
            rules: Arc::default(),
            seen: Arc::default(),
            released: Arc::new(watch::channel(0).0),
        };
        let serving = front.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(serving.clone().serve(client));
            }
        });
        front
    }

    /// Where the server is.
    pub const fn target(&self) -> SocketAddr {
        self.target
    }

    /// From now on, requests that match are treated so.
    pub fn on(&self, part: &str, act: Act) {
        self.rules.lock().expect("not poisoned").push((part.to_owned(), act));
    }

    /// Forgets the rules for `part`; what is held already stays held.
    pub fn off(&self, part: &str) {
        self.rules.lock().expect("not poisoned").retain(|(known, _)| known != part);
    }

    /// Lets go of everything that is held.
    pub fn release(&self) {
        self.released.send_modify(|count| *count += 1);
    }

    /// How many such requests came, held and refused ones included.
    pub fn count(&self, part: &str) -> usize {
        let seen = self.seen.lock().expect("not poisoned");
        seen.iter().filter(|request| matches(&request.line, part)).count()
    }

    /// Waits until such a request came.
    pub async fn wait_for(&self, part: &str) {
        wait::until(&format!("a request for {part}"), async || {
            (self.count(part) > 0).then_some(())
        })
        .await;
    }

    /// Bytes of all answers to such requests so far, heads included.
    pub fn bytes(&self, part: &str) -> u64 {
        let seen = self.seen.lock().expect("not poisoned");
        seen.iter()
            .filter(|request| matches(&request.line, part))
            .map(|request| request.bytes)
            .sum()
    }

    fn act(&self, line: &str) -> Option<Act> {
        let rules = self.rules.lock().expect("not poisoned");
        rules.iter().find(|(part, _)| matches(line, part)).map(|(_, act)| *act)
    }

    async fn hold(&self) {
        let mut released = self.released.subscribe();
        let _ = released.changed().await;
    }

    /// One request, one connection: simple, and every request is seen.
    async fn serve(self, mut client: TcpStream) -> Option<()> {
        let (head, rest) = read_head(&mut client).await?;
        let line = head.lines().next()?.trim_end_matches(" HTTP/1.1").to_owned();
        let number = {
            let mut seen = self.seen.lock().expect("not poisoned");
            seen.push(Seen { line: line.clone(), bytes: 0 });
            seen.len() - 1
        };
        let act = self.act(&line);
        match act {
            Some(Act::Refuse) => return None,
            Some(Act::Hold) => self.hold().await,
            _ => {}
        }
        let mut server = TcpStream::connect(self.target).await.ok()?;
        server.write_all(passed_on(&head, act == Some(Act::Flip)).as_bytes()).await.ok()?;
        server.write_all(&rest).await.ok()?;
        let (mut from_client, mut to_client) = client.into_split();
        let (mut from_server, mut to_server) = server.into_split();
        let body = async {
            let _ = tokio::io::copy(&mut from_client, &mut to_server).await;
            // The browser went away, or has nothing more to say: the answer decides.
            let mut byte = [0];
            if !matches!(from_client.read(&mut byte).await, Ok(0)) {
                std::future::pending::<()>().await;
            }
        };
        let answer = async {
            if act == Some(Act::HoldReply) {
                let mut first = vec![0; 16 * 1024];
                let length = from_server.read(&mut first).await.unwrap_or_default();
                self.hold().await;
                let _ = to_client.write_all(&first[..length]).await;
            }
            if act == Some(Act::Flip) {
                let mut whole = Vec::new();
                let _ = from_server.read_to_end(&mut whole).await;
                flip(&mut whole);
                let _ = to_client.write_all(&whole).await;
                self.add(number, whole.len());
                return;
            }
            let mut buffer = vec![0; 16 * 1024];
            while let Ok(length @ 1..) = from_server.read(&mut buffer).await {
                self.add(number, length);
                if to_client.write_all(&buffer[..length]).await.is_err() {
                    return;
                }
            }
        };
        tokio::select! {
            () = body => {}
            () = answer => {}
        }
        Some(())
    }

    fn add(&self, number: usize, length: usize) {
        let mut seen = self.seen.lock().expect("not poisoned");
        seen[number].bytes += length as u64;
    }
}

/// Whether a line holds the parts of a pattern in their order.
fn matches(line: &str, pattern: &str) -> bool {
    let mut rest = Some(line);
    for part in pattern.split('*') {
        rest = rest.and_then(|rest| rest.split_once(part)).map(|(_, after)| after);
    }
    rest.is_some()
}

/// Reads up to the empty line: the head with it, and what came after.
async fn read_head(client: &mut TcpStream) -> Option<(String, Vec<u8>)> {
    let mut bytes = Vec::new();
    let mut buffer = vec![0; 8 * 1024];
    loop {
        if let Some(at) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            let rest = bytes.split_off(at + 4);
            return Some((String::from_utf8(bytes).ok()?, rest));
        }
        let length = client.read(&mut buffer).await.ok()?;
        if length == 0 || bytes.len() > MAX_HEAD {
            return None;
        }
        bytes.extend_from_slice(&buffer[..length]);
    }
}

/// The head for the server: one request per connection, and no compression where a byte is to be changed.
fn passed_on(head: &str, plain: bool) -> String {
    let mut out = String::new();
    for line in head.split("\r\n").filter(|line| !line.is_empty()) {
        let name = line.split(':').next().unwrap_or_default().to_ascii_lowercase();
        if name == "connection" || (plain && name == "accept-encoding") {
            continue;
        }
        out.push_str(line);
        out.push_str("\r\n");
    }
    out.push_str("Connection: close\r\n\r\n");
    out
}

/// Changes one byte in the middle of an answer's body.
fn flip(answer: &mut [u8]) {
    let head = answer.windows(4).position(|window| window == b"\r\n\r\n").expect("a head") + 4;
    let text = String::from_utf8_lossy(&answer[..head]).to_lowercase();
    assert!(
        !text.contains("transfer-encoding: chunked") && !text.contains("content-encoding"),
        "cannot change a byte of this answer"
    );
    let middle = usize::midpoint(head, answer.len());
    assert!(middle < answer.len(), "an answer without a body");
    // A letter of a name or a word of code; either way no longer what was promised.
    answer[middle] ^= 1;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_byte_of_the_body_is_changed_and_nothing_else() {
        let before = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabcde".to_vec();
        let mut after = before.clone();
        flip(&mut after);
        let changed = before.iter().zip(&after).filter(|(left, right)| left != right).count();
        assert_eq!((changed, after.len()), (1, before.len()));
        assert!(after.starts_with(&before[..38]));
    }

    #[test]
    fn patterns_hold_parts_in_order() {
        assert!(matches("GET /assets/frame-1.js", "/assets/*.js"));
        assert!(matches("GET /assets/frame-1.js", "GET"));
        assert!(!matches("GET /farthing.js", "/assets/*.js"));
        assert!(!matches("GET /a.js/assets/", "/assets/*.js"));
    }

    #[test]
    fn what_is_passed_on_asks_for_one_answer() {
        let head =
            "GET /a HTTP/1.1\r\nHost: x\r\nConnection: keep-alive\r\nAccept-Encoding: br\r\n\r\n";
        assert_eq!(
            passed_on(head, true),
            "GET /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        );
        assert!(passed_on(head, false).contains("Accept-Encoding: br"));
    }
}
