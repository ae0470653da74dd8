//! Which call of an API a request is.

use crate::provider::Provider;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Endpoint {
    /// Anthropic `/v1/messages`.
    Messages,
    /// Anthropic `/v1/messages/count_tokens`: a body like that of `Messages`, and no model call.
    CountTokens,
    /// OpenAI `/v1/responses`, `/v1/chat/completions`, `/v1/completions`; Gemini
    /// `:generateContent`, `:streamGenerateContent`.
    Generate,
    /// A call beside the conversation that is recorded as it is: batches, token counts of other
    /// providers.
    Auxiliary,
    /// No model call.
    Other,
}

impl Endpoint {
    /// `path` with or without query. Only the end of the path counts, so that an upstream may live
    /// below a path of its own.
    pub(crate) fn of(provider: Provider, method: &str, path: &str) -> Self {
        if !method.eq_ignore_ascii_case("POST") {
            return Self::Other;
        }
        let path = without_query(path);
        let ends = |suffix: &str| path.ends_with(suffix);
        match provider {
            Provider::Anthropic if ends("/messages") => Self::Messages,
            Provider::Anthropic if ends("/messages/count_tokens") => Self::CountTokens,
            Provider::Anthropic if path.contains("/messages/batches") => Self::Auxiliary,
            Provider::OpenAi if ends("/responses") || ends("/completions") => Self::Generate,
            Provider::OpenAi
                if ends("/batches") || ends("/input_tokens") || ends("/responses/compact") =>
            {
                Self::Auxiliary
            }
            Provider::Gemini if ends(":generateContent") || ends(":streamGenerateContent") => {
                Self::Generate
            }
            Provider::Gemini if ends(":countTokens") || ends(":batchGenerateContent") => {
                Self::Auxiliary
            }
            _ => Self::Other,
        }
    }
}

/// The model that a Gemini path names: `/v1beta/models/MODEL:streamGenerateContent`.
pub(crate) fn gemini_model(path: &str) -> Option<&str> {
    let (_, call) = without_query(path).rsplit_once("/models/")?;
    let model = call.split(':').next()?;
    (!model.is_empty()).then_some(model)
}

/// A Gemini call that answers with a stream.
pub(crate) fn gemini_streams(path: &str) -> bool {
    without_query(path).ends_with(":streamGenerateContent")
}

fn without_query(path: &str) -> &str {
    path.split(['?', '#']).next().unwrap_or_default().trim_end_matches('/')
}
