//! Whether the provider takes the key and knows the model: asked by `GET /v1/models/{name}`, which costs
//! nothing. Tries once and says no key.

use std::time::Duration;

use appliance_core::ports::Proof;
use http::{StatusCode, header::HeaderValue};
use reqwest::{Client, Response, Url};

use super::{fault::Fault, headers};

/// Longest wait for the answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// Most of an answer that is read.
const MOST_BYTES: usize = 64 * 1024;

/// Asks the provider that takes messages at `endpoint`.
pub(super) async fn ask(
    client: &Client,
    endpoint: &Url,
    key: &HeaderValue,
    model: &str,
) -> Result<Proof, Fault> {
    let url = models(endpoint, model)?;
    let asked = client.get(url).headers(headers::bare(key)).send();
    let answered = async {
        let response = asked.await.map_err(|error| Fault::sending(endpoint, error))?;
        let status = response.status();
        Ok((status, body(response).await))
    };
    let late = |_| Fault::Silent { waited: PATIENCE };
    let (status, body) = tokio::time::timeout(PATIENCE, answered).await.map_err(late)??;
    told(status, &body, model)
}

/// Returns where the model is described: beside the messages.
fn models(endpoint: &Url, model: &str) -> Result<Url, Fault> {
    let mut url = endpoint.clone();
    let no_base = |()| Fault::BaseUrl("it has no path".to_owned());
    url.path_segments_mut().map_err(no_base)?.pop().push("models").push(model);
    Ok(url)
}

/// Reads the answer as far as it is worth; one that breaks off says less.
async fn body(mut response: Response) -> Vec<u8> {
    let mut body = Vec::new();
    while body.len() < MOST_BYTES
        && let Ok(Some(piece)) = response.chunk().await
    {
        body.extend_from_slice(&piece);
    }
    body
}

/// Understands the answer. Who speaks this form of messages need not describe models.
fn told(status: StatusCode, body: &[u8], model: &str) -> Result<Proof, Fault> {
    match status {
        status if status.is_success() => Ok(Proof::Works),
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Err(Fault::Refused(status.as_u16())),
        StatusCode::NOT_FOUND if kind(body).as_deref() == Some("not_found_error") => {
            Err(Fault::Unknown(model.to_owned()))
        }
        StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED | StatusCode::NOT_IMPLEMENTED => {
            Ok(Proof::Reachable)
        }
        StatusCode::TOO_MANY_REQUESTS => Err(Fault::Limited),
        status if status.is_redirection() => Err(Fault::Redirected(status.as_u16())),
        status => Err(Fault::Failing(status.as_u16())),
    }
}

/// Returns the kind of an error in the provider's own form.
fn kind(body: &[u8]) -> Option<String> {
    let error: serde_json::Value = serde_json::from_slice(body).ok()?;
    Some(error.get("error")?.get("type")?.as_str()?.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_model_is_described_beside_the_messages() {
        let at = |base: &str| {
            let endpoint = Url::parse(&format!("{base}/v1/messages")).unwrap();
            models(&endpoint, "a/b c").unwrap().to_string()
        };
        assert_eq!(at("https://api.x.com"), "https://api.x.com/v1/models/a%2Fb%20c");
        assert_eq!(at("http://[::1]:9/llm"), "http://[::1]:9/llm/v1/models/a%2Fb%20c");
    }

    #[test]
    fn only_the_providers_own_word_says_that_a_model_is_unknown() {
        let own = br#"{"type":"error","error":{"type":"not_found_error","message":"model: m"}}"#;
        let no = told(StatusCode::NOT_FOUND, own, "m");
        assert!(matches!(no, Err(Fault::Unknown(model)) if model == "m"));
        let other = told(StatusCode::NOT_FOUND, br#"{"detail":"Not Found"}"#, "m");
        assert!(matches!(other, Ok(Proof::Reachable)));
    }
}
