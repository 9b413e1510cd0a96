//! A small HTTP server that plays a script, one step for each request; the last step repeats.

use std::sync::{Arc, Mutex};

use extraction::providers::Api;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinHandle;

#[derive(Clone)]
pub(crate) enum Step {
    Answer {
        status: u16,
        headers: String,
        body: String,
    },
    /// Announces a longer body than it sends, then closes.
    BreakOff(String),
    /// Reads the request and never answers.
    Hang,
    /// Closes without a byte of answer.
    HangUp,
    /// Answers when [`Server::let_one_out`] was called for it.
    AtGate(String),
}

/// A request as the server read it.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) path: String,
    pub(crate) headers: String,
    pub(crate) body: Value,
}

pub(crate) struct Server {
    address: String,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

struct Shared {
    script: Mutex<Vec<Step>>,
    seen: Mutex<Vec<Seen>>,
    arrived: watch::Sender<usize>,
    gate: Semaphore,
    under_way: Mutex<UnderWay>,
}

#[derive(Default)]
struct UnderWay {
    now: usize,
    most: usize,
}

impl Server {
    pub(crate) async fn playing(script: impl IntoIterator<Item = Step>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let shared = Arc::new(Shared {
            script: Mutex::new(script.into_iter().collect()),
            seen: Mutex::default(),
            arrived: watch::Sender::new(0),
            gate: Semaphore::new(0),
            under_way: Mutex::default(),
        });
        let task = tokio::spawn(accept(listener, Arc::clone(&shared)));
        Self { address, shared, task }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn play(&self, script: impl IntoIterator<Item = Step>) {
        *self.shared.script.lock().unwrap() = script.into_iter().collect();
    }

    pub(crate) fn requests(&self) -> Vec<Seen> {
        self.shared.seen.lock().unwrap().clone()
    }

    /// Waits until this many requests came in.
    pub(crate) async fn arrived(&self, requests: usize) {
        let mut arrived = self.shared.arrived.subscribe();
        arrived.wait_for(|count| *count >= requests).await.unwrap();
    }

    pub(crate) fn let_one_out(&self) {
        self.shared.gate.add_permits(1);
    }

    /// The most requests that were read and not yet answered at one time.
    pub(crate) fn most_at_once(&self) -> usize {
        self.shared.under_way.lock().unwrap().most
    }
}

impl Shared {
    fn entered(&self) {
        let mut under_way = self.under_way.lock().unwrap();
        under_way.now += 1;
        under_way.most = under_way.most.max(under_way.now);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

pub(crate) fn answering(status: u16, body: &Value) -> Step {
    Step::Answer { status, headers: String::new(), body: body.to_string() }
}

pub(crate) fn failing(status: u16, headers: &str) -> Step {
    let body = json!({"type": "error", "error": {"type": "x", "message": "x"}}).to_string();
    Step::Answer { status, headers: headers.to_owned(), body }
}

/// A successful answer of this API with the record in it.
pub(crate) fn recording(api: Api, record: &Value) -> Step {
    answering(200, &success(api, record))
}

pub(crate) fn success(api: Api, record: &Value) -> Value {
    match api {
        Api::Claude => json!({
            "id": "msg_01", "type": "message", "role": "assistant", "model": "claude-test-1",
            "content": [
                {"type": "text", "text": "I record the mail."},
                {"type": "tool_use", "id": "toolu_01", "name": "record_extraction", "input": record},
            ],
            "stop_reason": "tool_use", "stop_sequence": null,
            "usage": {"input_tokens": 900, "output_tokens": 100},
        }),
        Api::OpenAi => completion(json!(record.to_string()), Value::Null, "stop"),
    }
}

pub(crate) fn completion(content: Value, refusal: Value, finish_reason: &str) -> Value {
    json!({
        "id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "gpt-test-1",
        "choices": [{
            "index": 0, "finish_reason": finish_reason, "logprobs": null,
            "message": {"role": "assistant", "content": content, "refusal": refusal},
        }],
        "usage": {"prompt_tokens": 900, "completion_tokens": 100, "total_tokens": 1000},
    })
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(serve(stream, Arc::clone(&shared)));
    }
}

async fn serve(mut stream: TcpStream, shared: Arc<Shared>) -> Option<()> {
    let seen = read_request(&mut stream).await?;
    shared.seen.lock().unwrap().push(seen);
    let step = {
        let mut script = shared.script.lock().unwrap();
        if script.len() > 1 { script.remove(0) } else { script[0].clone() }
    };
    shared.entered();
    shared.arrived.send_modify(|count| *count += 1);
    match step {
        Step::Answer { status, headers, body } => {
            answer(&mut stream, status, &headers, body.len(), &body).await
        }
        Step::BreakOff(body) => answer(&mut stream, 200, "", body.len() * 2, &body).await,
        Step::Hang => std::future::pending().await,
        Step::HangUp => Some(()),
        Step::AtGate(body) => {
            shared.gate.acquire().await.ok()?.forget();
            shared.under_way.lock().unwrap().now -= 1;
            answer(&mut stream, 200, "", body.len(), &body).await
        }
    }
}

async fn answer(
    stream: &mut TcpStream,
    status: u16,
    headers: &str,
    length: usize,
    body: &str,
) -> Option<()> {
    let head = format!(
        "HTTP/1.1 {status} x\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\
         connection: close\r\n{headers}\r\n"
    );
    stream.write_all(head.as_bytes()).await.ok()?;
    stream.write_all(body.as_bytes()).await.ok()?;
    stream.shutdown().await.ok()
}

async fn read_request(stream: &mut TcpStream) -> Option<Seen> {
    let mut bytes = Vec::new();
    let head_end = loop {
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
        if let Some(at) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break at;
        }
    };
    let head = String::from_utf8(bytes[..head_end].to_vec()).ok()?.to_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "))?;
    let length: usize = length.trim().parse().ok()?;
    while bytes.len() < head_end + 4 + length {
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
    let (line, headers) = head.split_once("\r\n")?;
    Some(Seen {
        path: line.to_owned(),
        headers: headers.to_owned(),
        body: serde_json::from_slice(&bytes[head_end + 4..]).ok()?,
    })
}
