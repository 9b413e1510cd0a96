//! The extractor that asks a model: admission, attempts, check, veto, grounding.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use backon::{ExponentialBuilder, Retryable};
use chrono::Utc;
use domain::extraction::{Doubt, Extraction};
use serde_json::Value;
use tokio::sync::Semaphore;

use super::breaker::{Breaker, Pass};
use super::budget::TokenBudget;
use super::config::{ConfigError, ModelConfig};
use super::http::{CallError, Caller, Kind, Outcome, Reply};
use super::veto::veto;
use super::{answer, prompt};
use crate::clean::CleanedMail;
use crate::provider::{BoxFuture, ExtractError, Extractor};
use crate::{ground, rules};

/// Rounds for one mail: the second asks again after an answer that breaks the schema.
const ROUNDS: u32 = 2;

/// Reads mails with a model of [`ModelConfig::api`].
#[derive(Debug)]
pub struct ModelExtractor {
    config: ModelConfig,
    caller: Caller,
    breaker: Arc<Mutex<Breaker>>,
    budget: TokenBudget,
    slots: Semaphore,
}

impl ModelExtractor {
    /// Checks the configuration; connects to nothing yet.
    pub fn new(config: ModelConfig) -> Result<Self, ConfigError> {
        Ok(Self {
            caller: Caller::new(&config)?,
            breaker: Arc::new(Mutex::new(Breaker::new(config.breaker))),
            budget: TokenBudget::new(config.daily_token_budget),
            slots: Semaphore::new(config.concurrency),
            config,
        })
    }

    async fn read(&self, mail: &CleanedMail) -> Result<Extraction, ExtractError> {
        if [&mail.subject, &mail.body].iter().all(|part| part.trim().is_empty()) {
            return Ok(self.nothing_to_read(mail));
        }
        let mut message = prompt::message(mail)
            .map_err(|prompt::TooLong| rejected("the mail is too long for a model"))?;
        let slot = tokio::time::timeout(self.config.timeout, self.slots.acquire()).await;
        let Ok(Ok(_slot)) = slot else {
            return Err(unavailable("every slot is taken", Some(Duration::from_secs(1))));
        };
        let mut complaint = "";
        for _ in 0..ROUNDS {
            let reply = self.ask(&message).await?;
            complaint = match reply.outcome {
                Outcome::Refused => return Err(rejected("the model refused")),
                Outcome::CutOff => "the answer was too long and was cut off",
                Outcome::NoRecord => "the answer held no record",
                Outcome::Record(record) => match answer::read(&record) {
                    Ok(extraction) => return Ok(self.finished(extraction, reply.model, mail)),
                    Err(complaint) => complaint,
                },
            };
            message = prompt::mended(&message, complaint);
        }
        Err(rejected(complaint))
    }

    /// One round: a request, and again after failures that may pass.
    async fn ask(&self, message: &str) -> Result<Reply, ExtractError> {
        let request = self.caller.request(message);
        let backoff = self.config.backoff;
        let pauses = ExponentialBuilder::default()
            .with_min_delay(backoff.first)
            .with_max_delay(backoff.longest)
            .with_max_times(self.config.max_retries as usize)
            .with_jitter();
        (|| self.attempt(&request))
            .retry(pauses)
            .when(|failure| matches!(failure, Failure::Call(call) if call.kind == Kind::Passing))
            .adjust(|failure, pause| match failure {
                Failure::Call(CallError { retry_after: Some(asked), .. }) => {
                    pause.filter(|_| *asked <= backoff.longest).map(|pause| pause.max(*asked))
                }
                _ => pause,
            })
            .await
            .map_err(ExtractError::from)
    }

    async fn attempt(&self, request: &Value) -> Result<Reply, Failure> {
        let estimate = request.to_string().len() as u64 / 3;
        let charge = self
            .budget
            .charge(estimate, Utc::now())
            .map_err(|until| Failure::Held { why: "the day's token budget is spent", until })?;
        let pass = match Pass::ask(&self.breaker) {
            Ok(pass) => pass,
            Err(until) => {
                self.budget.settle(charge, 0);
                return Err(Failure::Held { why: "the circuit breaker is open", until });
            }
        };
        match self.caller.call(request).await {
            Ok(reply) => {
                pass.succeeded();
                self.budget.settle(charge, reply.tokens.unwrap_or(estimate));
                Ok(reply)
            }
            Err(error) => {
                if !error.may_have_cost {
                    self.budget.settle(charge, 0);
                }
                match error.kind {
                    // The service works; it is this request that it does not take.
                    Kind::BadRequest => pass.succeeded(),
                    Kind::Passing | Kind::TurnedAway => pass.failed(),
                }
                Err(Failure::Call(error))
            }
        }
    }

    fn finished(
        &self,
        mut extraction: Extraction,
        model: Option<String>,
        mail: &CleanedMail,
    ) -> Extraction {
        extraction.provider = self.name().to_owned();
        extraction.model = Some(model.unwrap_or_else(|| self.config.model.clone()));
        extraction.prompt_version = Some(prompt::prompt_version().to_owned());
        ground::ground(veto(extraction, &rules::extract(mail), mail), mail)
    }

    /// A mail without subject and text: no model is asked, a person sees it.
    fn nothing_to_read(&self, mail: &CleanedMail) -> Extraction {
        let mut extraction = ground::ground(rules::extract(mail), mail);
        if !extraction.doubts.contains(&Doubt::NoTotal) {
            extraction.doubts.push(Doubt::NoTotal);
        }
        extraction.provider =
            format!("{} (empty mail, {} not asked)", rules::PROVIDER, self.name());
        extraction
    }
}

impl Extractor for ModelExtractor {
    fn name(&self) -> &'static str {
        self.config.api.as_str()
    }

    fn extract<'a>(
        &'a self,
        mail: &'a CleanedMail,
    ) -> BoxFuture<'a, Result<Extraction, ExtractError>> {
        Box::pin(self.read(mail))
    }
}

/// Why an attempt gave no reply.
#[derive(Debug)]
enum Failure {
    Call(CallError),
    /// Nothing was sent.
    Held {
        why: &'static str,
        until: Duration,
    },
}

impl From<Failure> for ExtractError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Held { why, until } => unavailable(why, Some(until)),
            Failure::Call(CallError { kind: Kind::BadRequest, what, .. }) => rejected(&what),
            Failure::Call(CallError { what, retry_after, .. }) => unavailable(&what, retry_after),
        }
    }
}

fn unavailable(reason: &str, retry_after: Option<Duration>) -> ExtractError {
    ExtractError::Unavailable { retry_after, reason: reason.to_owned() }
}

fn rejected(reason: &str) -> ExtractError {
    ExtractError::Rejected { reason: reason.to_owned() }
}
