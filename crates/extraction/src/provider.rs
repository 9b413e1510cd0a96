//! What every extractor promises to its caller, whether it reads by rules or asks a model.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use domain::extraction::Extraction;

use crate::clean::CleanedMail;

/// A boxed future, so that extractors can stand behind `dyn Extractor`.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Reads a cleaned mail. What it returns is grounded: see [`crate::ground::ground`].
pub trait Extractor: Send + Sync {
    /// `rules`, `claude` or `openai`, as in `LLM_PROVIDER` and in metrics.
    fn name(&self) -> &'static str;

    fn extract<'a>(
        &'a self,
        mail: &'a CleanedMail,
    ) -> BoxFuture<'a, Result<Extraction, ExtractError>>;
}

/// Why there is no extraction. The reasons never quote the mail or the answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExtractError {
    /// The provider cannot be reached, refuses for a while, or its budget is spent: wait and try
    /// again; this spends no attempt of the mail.
    #[error("the provider is unavailable: {reason}")]
    Unavailable { retry_after: Option<Duration>, reason: String },
    /// The provider answered, but not with an extraction, also after its own retry: a person
    /// must read the mail.
    #[error("the provider gave no usable answer: {reason}")]
    Rejected { reason: String },
}

/// [`crate::rules`] as an [`Extractor`]: in process, without network.
#[derive(Clone, Copy, Debug, Default)]
pub struct RulesExtractor;

impl Extractor for RulesExtractor {
    fn name(&self) -> &'static str {
        crate::rules::PROVIDER
    }

    fn extract<'a>(
        &'a self,
        mail: &'a CleanedMail,
    ) -> BoxFuture<'a, Result<Extraction, ExtractError>> {
        Box::pin(async move { Ok(crate::ground::ground(crate::rules::extract(mail), mail)) })
    }
}
