//! HTTP/1.1 as bytes: a test says exactly what is sent, and sees exactly what is answered.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value;

use crate::schemas;

/// Far longer than any answer takes: a test that reaches it has failed.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// An answer, as it came.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    /// By their names in lower case.
    pub headers: BTreeMap<String, String>,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", String::from_utf8_lossy(&self.body));
        self
    }

    /// What kind of error it is.
    pub fn kind(&self) -> String {
        self.json()["error"]["kind"].as_str().unwrap().to_owned()
    }
}

/// A connection on which several requests can be made.
pub struct Connection {
    pub reader: BufReader<TcpStream>,
}

impl Connection {
    pub fn to(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        Self { reader: BufReader::new(stream) }
    }

    /// Sends bytes. Somebody who has refused already may not take them all.
    pub fn send(&mut self, bytes: &[u8]) {
        let _refused_already = self.reader.get_mut().write_all(bytes);
    }

    /// The head of an answer; `None` where the connection ends first.
    pub fn head(&mut self) -> Option<Answer> {
        let mut line = String::new();
        if self.reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let status = line.split(' ').nth(1).unwrap().parse().unwrap();
        let mut headers = BTreeMap::new();
        loop {
            let mut line = String::new();
            self.reader.read_line(&mut line).unwrap();
            let Some((name, value)) = line.trim_end().split_once(": ") else { break };
            headers.insert(name.to_lowercase(), value.to_owned());
        }
        Some(Answer { status, headers, body: Vec::new() })
    }

    /// A whole answer of known length; `None` where the connection ends first.
    pub fn answer(&mut self) -> Option<Answer> {
        let mut answer = self.head()?;
        let length = answer.headers.get("content-length").map_or(0, |value| value.parse().unwrap());
        answer.body = vec![0; length];
        self.reader.read_exact(&mut answer.body).ok()?;
        Some(answer)
    }

    /// One line of a stream of events; `None` at its end. What frames the chunks is passed over.
    pub fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        let read = self.reader.read_line(&mut line).expect("the server goes on talking");
        (read > 0).then(|| line.trim_end().to_owned())
    }
}

/// A request as text, with what every client sends.
pub fn request(method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> String {
    let mut text = format!("{method} {path} HTTP/1.1\r\n");
    if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host")) {
        text += "Host: localhost\r\n";
    }
    for (name, value) in headers {
        text += &format!("{name}: {value}\r\n");
    }
    if !body.is_empty() {
        text += &format!("Content-Length: {}\r\n", body.len());
    }
    text + "\r\n" + body
}

/// One request on a connection of its own. What is answered has to be as it is described.
#[track_caller]
pub fn ask(
    address: SocketAddr,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Answer {
    let mut connection = Connection::to(address);
    connection.send(request(method, path, headers, body).as_bytes());
    let answer = connection.answer().unwrap_or_else(|| panic!("{method} {path} is answered"));
    schemas::check(method, path, &answer);
    answer
}
