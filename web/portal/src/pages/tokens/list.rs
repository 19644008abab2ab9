//! The tokens as a list: what each opens, in words, and when. Asks nothing.

use web_dto::{TOKEN_SCOPES, TokenList, TokenView};

use crate::{clock, components::Made};

/// The list, or what stands there while there is none.
pub fn rows(list: &TokenList) -> Vec<Made> {
    if list.items.is_empty() {
        return vec![Made::words("p", "quiet", "No program has a token yet.")];
    }
    let mut all = Made::new("ul", "tokens").set("aria-labelledby", "tokens");
    for token in &list.items {
        all = all.add(row(token));
    }
    vec![all]
}

fn row(token: &TokenView) -> Made {
    let label = format!("Revoke {}", token.name);
    let revoke = Made::button("Revoke", &format!("revoke:{}", token.id)).set("aria-label", &label);
    let head = Made::new("div", "row").add(Made::words("b", "", &token.name)).add(revoke);
    let mut row = Made::new("li", "").add(head);
    for scope in &token.scopes {
        let words = TOKEN_SCOPES.iter().find(|(name, _)| name == scope);
        let words = words.map_or("", |(_, words)| words);
        row = row.add(Made::words("p", "small", &format!("{scope}: {words}")));
    }
    let ends = match (&token.expires_at, token.expired) {
        (Some(at), false) => format!("expires {}", clock::whole(at)),
        (Some(at), true) => format!("expired {}", clock::whole(at)),
        (None, _) => "never expires".to_owned(),
    };
    let used = token.last_used_at.as_deref();
    let used =
        used.map_or_else(|| "never used".to_owned(), |at| format!("used {}", clock::ago(at)));
    let whole = token.last_used_at.as_deref().map(clock::whole).unwrap_or_default();
    let made = format!("made {}", clock::whole(&token.created_at));
    let about = Made::new("p", "quiet small about-token");
    let ends = Made::words("span", if token.expired { "bad" } else { "" }, &ends);
    let about = about.add(Made::words("span", "", &made)).add(ends);
    row.add(about.add(Made::words("span", "", &used).set("title", &whole)))
}
