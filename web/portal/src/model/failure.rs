//! What went wrong, in words a person can act on. Knows problem documents, no network types.

use web_dto::Problem;

use super::letters;

/// A request that did not work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// HTTP status; 0 when the server was not reached.
    pub status: u16,
    /// The stable code, such as `auth.failed`; empty when the server was not reached.
    pub code: String,
    /// What happened.
    pub what: String,
    /// What to do about it.
    pub hint: String,
    /// Wrong fields: name without the leading slash, and what is wrong.
    pub fields: Vec<(String, String)>,
    /// Seconds after which it may work, where the server says so.
    pub wait: Option<u32>,
}

impl Failure {
    /// The server could not be reached at all.
    #[must_use]
    pub fn unreachable() -> Self {
        Self {
            status: 0,
            code: String::new(),
            what: "the server cannot be reached".to_owned(),
            hint: "check that `ai-infra serve` runs, then try again".to_owned(),
            fields: Vec::new(),
            wait: None,
        }
    }

    /// Reads an error answer: a problem document, or whatever else came with `status`.
    #[must_use]
    pub fn from_answer(status: u16, body: &str) -> Self {
        let Ok(problem) = serde_json::from_str::<Problem>(body) else {
            return Self::foreign(status);
        };
        let fields = problem
            .errors
            .into_iter()
            .map(|e| (e.pointer.trim_start_matches('/').into(), e.detail));
        Self {
            status,
            code: problem.code,
            what: if problem.detail.is_empty() { problem.title } else { problem.detail },
            hint: problem.hint,
            fields: fields.collect(),
            wait: None,
        }
    }

    /// The same, and when it may work again.
    #[must_use]
    pub fn after(mut self, wait: Option<u32>) -> Self {
        self.wait = wait;
        if let Some(seconds) = wait {
            self.hint = format!(
                "try again in {seconds} {}",
                if seconds == 1 { "second" } else { "seconds" }
            );
        }
        self
    }

    /// Says it in one line.
    #[must_use]
    pub fn line(&self) -> String {
        let mut line = sentence(&self.what);
        if !self.hint.is_empty() {
            line.push(' ');
            line.push_str(&sentence(&self.hint));
        }
        line
    }

    /// Whether the session is over.
    #[must_use]
    pub fn is_logged_out(&self) -> bool {
        self.status == 401
    }

    /// What is wrong with the field `name`, if it is one of the wrong ones.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<String> {
        self.fields.iter().find(|(field, _)| field == name).map(|(_, detail)| sentence(detail))
    }

    /// Something between us and the server answered, such as a proxy.
    fn foreign(status: u16) -> Self {
        Self {
            status,
            code: String::new(),
            what: format!("the answer was HTTP {status} without an explanation"),
            hint: "try again; if it stays, look at what stands in front of the server".to_owned(),
            fields: Vec::new(),
            wait: None,
        }
    }
}

/// Makes a lower-case phrase a sentence; a name at its beginning stays as it is spelled.
fn sentence(phrase: &str) -> String {
    let Some(first) = phrase.chars().next() else { return String::new() };
    let end = if phrase.ends_with(['.', '!', '?']) { "" } else { "." };
    let word =
        phrase.split(' ').next().unwrap_or_default().trim_end_matches(['.', '!', '?', ',', ':']);
    if word.chars().any(|c| !c.is_alphabetic() && c != '-') {
        return format!("{phrase}{end}");
    }
    format!("{}{}{end}", letters::upper(&first.to_string()), &phrase[first.len_utf8()..])
}

#[cfg(test)]
mod tests {
    use web_dto::{Code, FieldError};

    use super::*;

    #[test]
    fn says_what_happened_and_the_way_out() {
        let problem = Problem::new(Code::MessageTooLong, "message has 50,001 characters", "r1");
        let body = serde_json::to_string(&problem).unwrap();
        let failure = Failure::from_answer(422, &body);
        assert_eq!(
            failure.line(),
            "Message has 50,001 characters. Send at most 50,000 characters, or split it."
        );
        assert_eq!(failure.code, "message.too_long");
    }

    #[test]
    fn says_how_long_to_wait() {
        let problem = Problem::new(Code::AuthLimited, "too many attempts for this address", "r1");
        let failure = Failure::from_answer(429, &serde_json::to_string(&problem).unwrap());
        let line = failure.after(Some(42)).line();
        assert_eq!(line, "Too many attempts for this address. Try again in 42 seconds.");
    }

    #[test]
    fn finds_the_wrong_field_by_its_name() {
        let mut problem = Problem::new(Code::BodyInvalid, "", "r1");
        problem.errors.push(FieldError { pointer: "/email".into(), detail: "is missing".into() });
        let failure = Failure::from_answer(422, &serde_json::to_string(&problem).unwrap());
        assert_eq!(failure.field("email").as_deref(), Some("Is missing."));
        assert_eq!(failure.field("password"), None);
        assert_eq!(failure.what, "body has wrong fields", "no detail: the title speaks");
    }

    #[test]
    fn a_name_at_the_beginning_keeps_its_spelling() {
        assert_eq!(sentence("e-mail is taken"), "E-mail is taken.");
        assert_eq!(sentence("a@example.com is taken"), "a@example.com is taken.");
        assert_eq!(sentence("ärger!"), "Ärger!");
    }

    #[test]
    fn survives_an_answer_that_is_no_problem_document() {
        let failure = Failure::from_answer(502, "<html>Bad Gateway</html>");
        assert!(failure.line().contains("HTTP 502"), "{}", failure.line());
        assert!(!failure.is_logged_out());
    }
}
