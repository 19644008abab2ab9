//! The secret of a token that was just made, and what to paste into MCP clients. Keeps no secret.

use web_dto::{McpClient, MintedToken, Paste, Reached};

use super::form::field;
use crate::components::Made;

/// The command as the server's own machine knows it.
const COMMAND: [&str; 2] = ["ai-infra", "mcp"];

/// The secret, this once.
pub fn secret(made: &MintedToken) -> Made {
    let said = format!("The token \u{201c}{}\u{201d}, shown this once", made.token.name);
    let copy = Made::words("button", "button small main", "Copy token");
    let copy = copy.set("type", "button").set("data-do", "copy-secret");
    let buttons = Made::new("div", "row start").add(copy).add(Made::button("I have it", "have"));
    let note = "The server keeps only its hash: whoever loses it makes another. What is to be \
                pasted below has it filled in.";
    let text = Made::raw("code", "", &made.secret).set("data-testid", "secret");
    let all = Made::new("div", "note secret").add(Made::words("p", "", &said)).add(text);
    all.add(buttons).add(Made::words("p", "quiet small", note))
}

/// The clients to choose from.
pub fn choices() -> Vec<Made> {
    let mut all = Made::new("select", "").set("id", "client");
    for client in McpClient::ALL {
        all = all.add(Made::words("option", "", client.label()).set("value", client.name()));
    }
    vec![Made::words("h3", "", "Connect an MCP client"), field("client", "Client").add(all)]
}

/// What to paste into `client`, to reach the server at `url`.
pub fn pastes(client: McpClient, url: &str, made: Option<&MintedToken>) -> Vec<Paste> {
    let secret = made.map(|made| &*made.secret);
    client.pastes(Reached { url, secret, command: &COMMAND })
}

/// The texts, each with a button that copies it.
pub fn blocks(pastes: &[Paste]) -> Vec<Made> {
    let block = |(at, paste): (usize, &Paste)| {
        let copy = Made::button("Copy", &format!("copy:{at}"));
        let copy = copy.set("aria-label", &format!("Copy what goes {}", paste.place));
        let head = Made::new("figcaption", "").add(Made::words("span", "", paste.place)).add(copy);
        let text = Made::raw("pre", "", &paste.text).set("tabindex", "0");
        Made::new("figure", "code").add(head).add(text)
    };
    pastes.iter().enumerate().map(block).collect()
}
