//! A model provider on this machine: speaks the wire format of Anthropic's Messages API as far as
//! ingest needs it, knows the mails of the plan, and fails when told to.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use crate::fault::ProviderFault;
use crate::mail::{MailKind, Words, german};
use crate::plan::Plan;

/// Longer than ingest is told to wait.
const SLOW: Duration = Duration::from_millis(3_500);
const TOOL: &str = "record_extraction";
const LONGEST_REQUEST: usize = 1024 * 1024;

pub(crate) struct Provider {
    port: u16,
    mode: watch::Sender<Option<ProviderFault>>,
}

impl Provider {
    pub(crate) async fn start(plan: &Plan) -> Result<Self> {
        let listener =
            TcpListener::bind(("127.0.0.1", 0)).await.context("couldn't open the provider")?;
        let port = listener.local_addr()?.port();
        let (mode, watched) = watch::channel(None);
        let knowledge = Arc::new(Knowledge::of(plan));
        tokio::spawn(async move {
            loop {
                if let Ok((stream, _)) = listener.accept().await {
                    let mode = *watched.borrow();
                    let knowledge = knowledge.clone();
                    // A caller who goes away in the middle is no concern of the others.
                    tokio::spawn(async move { answer(stream, mode, &knowledge).await.ok() });
                }
            }
        });
        Ok(Self { port, mode })
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Begins a fault, or ends it with `None`.
    pub(crate) fn set(&self, mode: Option<ProviderFault>) {
        self.mode.send_replace(mode);
    }
}

/// What the mails of each sender say.
struct Knowledge {
    by_sender: HashMap<String, Vec<(MailKind, Words)>>,
}

impl Knowledge {
    fn of(plan: &Plan) -> Self {
        let mut by_sender: HashMap<String, Vec<(MailKind, Words)>> = HashMap::new();
        for mail in &plan.mails {
            let words = mail.words(&plan.office);
            by_sender.entry(words.sender_email.clone()).or_default().push((mail.kind, words));
        }
        Self { by_sender }
    }

    /// The record of the mail that stands in the request.
    fn record(&self, request: &str) -> Value {
        let senders = self.by_sender.iter().filter(|(sender, _)| request.contains(sender.as_str()));
        let mails = senders.flat_map(|(_, mails)| mails);
        let says = |words: &Words| {
            let amount = words.amount_cents.is_none_or(|cents| names(request, &german(cents)));
            let all = [&words.aktenzeichen, &words.client, &words.reference];
            amount && all.into_iter().flatten().all(|word| request.contains(word.as_str()))
        };
        let is_automatic = request.contains("automatisch erzeugte Antwort");
        // The one that says most: a mail without an amount would fit every request of its sender.
        let found = mails
            .filter(|(kind, words)| {
                says(words) && matches!(kind, MailKind::AutoReply { .. }) == is_automatic
            })
            .max_by_key(|(_, words)| (words.amount_cents.is_some(), words.reference.is_some()));
        let intent = if is_automatic { "auto_reply" } else { "debt_statement" };
        let words = found.map(|(_, words)| words);
        let amount = words.and_then(|words| words.amount_cents);
        json!({
            "is_creditor_reply": !is_automatic,
            "intent": intent,
            "client_name": words.and_then(|words| words.client.clone()).filter(|_| !is_automatic),
            "client_aktenzeichen": words.and_then(|words| words.aktenzeichen.clone()),
            "creditor_name": words.and_then(|words| words.creditor.clone()),
            "debt_amount": amount.map(|cents| format!("{}.{:02}", cents / 100, cents % 100)),
            "reference_numbers": words.and_then(|words| words.reference.clone()).as_slice(),
            "confidence": 0.97,
            "doubts": [],
            "summary": "Reads as planned.",
        })
    }
}

/// Whether an amount stands in the text, and not as the end of a longer one.
fn names(text: &str, amount: &str) -> bool {
    text.match_indices(amount).any(|(at, _)| {
        !text[..at].ends_with(|before: char| before.is_ascii_digit() || before == '.')
    })
}

async fn answer(
    stream: TcpStream,
    mode: Option<ProviderFault>,
    knowledge: &Knowledge,
) -> Result<()> {
    let mut stream = BufReader::new(stream);
    let request = read_request(&mut stream).await?;
    if mode == Some(ProviderFault::Slow) {
        tokio::time::sleep(SLOW).await;
    }
    let (status, body) = match mode {
        Some(ProviderFault::ServerError) => ("529 Overloaded", overloaded()),
        Some(ProviderFault::RateLimit) => ("429 Too Many Requests\r\nretry-after: 2", overloaded()),
        _ => ("200 OK", message(knowledge.record(&request))),
    };
    let body = body.to_string();
    let head = format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\
         connection: close\r\n\r\n",
        body.len()
    );
    let sent = if mode == Some(ProviderFault::Cut) { body.len() / 2 } else { body.len() };
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(&body.as_bytes()[..sent]).await?;
    stream.flush().await?;
    Ok(())
}

fn message(record: Value) -> Value {
    json!({
        "id": "msg_chaos", "type": "message", "role": "assistant", "model": "chaos-1",
        "content": [{"type": "tool_use", "id": "tool_chaos", "name": TOOL, "input": record}],
        "stop_reason": "tool_use",
        "usage": {"input_tokens": 1, "output_tokens": 1},
    })
}

fn overloaded() -> Value {
    json!({"type": "error", "error": {"type": "overloaded_error", "message": "later"}})
}

/// The words of the one message that the request carries.
async fn read_request(stream: &mut BufReader<TcpStream>) -> Result<String> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await?;
        if line.trim().is_empty() {
            break;
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().context("the length is no number")?;
        }
    }
    anyhow::ensure!(length <= LONGEST_REQUEST, "the request is too long");
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await?;
    let body: Value = serde_json::from_slice(&body)?;
    Ok(body["messages"][0]["content"].as_str().unwrap_or_default().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mail::MailKind;

    #[test]
    fn it_reads_each_statement_of_the_plan_as_it_was_meant() {
        let plan = Plan::new(1, 60_000);
        let knowledge = Knowledge::of(&plan);
        for mail in &plan.mails {
            if let MailKind::Statement { target, rank } = mail.kind {
                let record = knowledge.record(&mail.body(&plan.office, 1_750_000_000));
                let cents = plan.office.amount_cents(target, rank);
                let amount = format!("{}.{:02}", cents / 100, cents % 100);
                assert_eq!(record["debt_amount"], amount);
                let reference = &plan.office.targets[target].reference;
                assert_eq!(record["reference_numbers"], json!([reference]));
            }
        }
    }

    #[test]
    fn an_amount_inside_a_longer_one_is_not_named() {
        assert!(names("beträgt 1.284,50 EUR", "1.284,50"));
        assert!(!names("beträgt 11.284,50 EUR", "1.284,50"));
    }
}
