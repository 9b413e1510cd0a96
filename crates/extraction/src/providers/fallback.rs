//! `LLM_FALLBACK=rules`: the rules step in while a provider is away, and it shows.

use domain::extraction::Extraction;

use crate::clean::CleanedMail;
use crate::provider::{BoxFuture, ExtractError, Extractor, RulesExtractor};

/// Asks the first extractor, and the rules when that one is [`ExtractError::Unavailable`]. Such an
/// extraction says `rules (fallback from claude)` as its provider.
#[derive(Clone, Debug)]
pub struct WithFallback<E>(pub E);

impl<E: Extractor> Extractor for WithFallback<E> {
    fn name(&self) -> &'static str {
        self.0.name()
    }

    fn extract<'a>(
        &'a self,
        mail: &'a CleanedMail,
    ) -> BoxFuture<'a, Result<Extraction, ExtractError>> {
        Box::pin(async move {
            match self.0.extract(mail).await {
                Err(ExtractError::Unavailable { .. }) => {
                    let mut extraction = RulesExtractor.extract(mail).await?;
                    extraction.provider =
                        format!("{} (fallback from {})", RulesExtractor.name(), self.0.name());
                    Ok(extraction)
                }
                answered => answered,
            }
        })
    }
}
