//! What people paste into MCP clients so that they reach a server: the one home of these forms.
//!
//! Whoever shows them shows the same. A secret stands in a file of its owner's or in the
//! environment, never among a process's arguments; a client that asks for it and keeps it by itself is
//! left to do so. Reads and writes no file.

/// A client whose configuration is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum McpClient {
    /// Anthropic's command line.
    ClaudeCode,
    /// The editor.
    Cursor,
    /// Visual Studio Code.
    VsCode,
    /// OpenAI's command line.
    Codex,
    /// The editor.
    Zed,
    /// Claude Desktop, and whoever else starts a program and speaks to its standard streams.
    Stdio,
}

/// What a configuration says of the server.
#[derive(Debug, Clone, Copy)]
pub struct Reached<'a> {
    /// The server's own address.
    pub url: &'a str,
    /// The token; without one its place is marked by words.
    pub secret: Option<&'a str>,
    /// The words of the command that speaks MCP on its standard streams.
    pub command: &'a [&'a str],
}

/// Something to paste.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Paste {
    /// Where it goes.
    pub place: &'static str,
    /// What goes there.
    pub text: String,
}

/// What stands where a token belongs that nobody knows any more.
const UNKNOWN: &str = "YOUR_TOKEN";

/// Where a shell is given the token.
const SHELL: &str = "in the shell that starts it, or in the file that this shell reads first";

impl McpClient {
    /// All of them, as they are offered.
    pub const ALL: [Self; 6] =
        [Self::ClaudeCode, Self::Cursor, Self::VsCode, Self::Codex, Self::Zed, Self::Stdio];

    /// Returns its name on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::ClaudeCode => "claude-code",
            Self::Cursor => "cursor",
            Self::VsCode => "vscode",
            Self::Codex => "codex",
            Self::Zed => "zed",
            Self::Stdio => "stdio",
        }
    }

    /// Returns its name for people.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::ClaudeCode => "Claude Code",
            Self::Cursor => "Cursor",
            Self::VsCode => "VS Code",
            Self::Codex => "Codex",
            Self::Zed => "Zed",
            Self::Stdio => "Claude Desktop, or any client over stdio",
        }
    }

    /// Finds one by its name on the command line.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|client| client.name() == name)
    }

    /// Tells whether it shows a token; the others run on the server's own machine.
    #[must_use]
    pub const fn takes_token(self) -> bool {
        !matches!(self, Self::Stdio)
    }

    /// Returns what to paste, in order.
    #[must_use]
    pub fn pastes(self, to: Reached<'_>) -> Vec<Paste> {
        let url = quoted(&format!("{}/mcp", to.url));
        let secret = to.secret.unwrap_or(UNKNOWN);
        let export = Paste { place: SHELL, text: format!("export AI_INFRA_TOKEN='{secret}'") };
        let one = |place, text| vec![Paste { place, text }];
        match self {
            Self::ClaudeCode => {
                vec![export, Paste { place: "once, in a shell", text: claude(to.url) }]
            }
            Self::Cursor => one("~/.cursor/mcp.json", cursor(&url, secret)),
            Self::VsCode => one(
                ".vscode/mcp.json, or what `MCP: Open User Configuration` opens; it asks for the token",
                vs_code(&url),
            ),
            Self::Codex => vec![export, Paste { place: "~/.codex/config.toml", text: codex(&url) }],
            Self::Zed => {
                one("settings.json, which `zed: open settings file` opens", zed(&url, secret))
            }
            Self::Stdio => one(
                "on the server's own machine, where it needs no token: claude_desktop_config.json, or \
                 the client's own file",
                stdio(to.command),
            ),
        }
    }
}

fn claude(url: &str) -> String {
    format!(
        "claude mcp add --transport http --scope user ai-infra '{url}/mcp' \
         --header 'Authorization: Bearer ${{AI_INFRA_TOKEN}}'"
    )
}

fn cursor(url: &str, secret: &str) -> String {
    format!(
        r#"{{
  "mcpServers": {{
    "ai-infra": {{
      "url": {url},
      "headers": {{ "Authorization": "Bearer {secret}" }}
    }}
  }}
}}"#
    )
}

fn vs_code(url: &str) -> String {
    format!(
        r#"{{
  "inputs": [
    {{
      "type": "promptString",
      "id": "ai-infra-token",
      "description": "Token of ai-infra",
      "password": true
    }}
  ],
  "servers": {{
    "ai-infra": {{
      "type": "http",
      "url": {url},
      "headers": {{ "Authorization": "Bearer ${{input:ai-infra-token}}" }}
    }}
  }}
}}"#
    )
}

fn codex(url: &str) -> String {
    format!("[mcp_servers.ai-infra]\nurl = {url}\nbearer_token_env_var = \"AI_INFRA_TOKEN\"")
}

fn zed(url: &str, secret: &str) -> String {
    format!(
        r#"{{
  "context_servers": {{
    "ai-infra": {{
      "url": {url},
      "headers": {{ "Authorization": "Bearer {secret}" }}
    }}
  }}
}}"#
    )
}

fn stdio(command: &[&str]) -> String {
    let (program, words) = command.split_first().unwrap_or((&"ai-infra", &[]));
    let words: Vec<String> = words.iter().map(|word| quoted(word)).collect();
    format!(
        r#"{{
  "mcpServers": {{
    "ai-infra": {{
      "command": {},
      "args": [{}]
    }}
  }}
}}"#,
        quoted(program),
        words.join(", ")
    )
}

/// Puts a text in quotes that mean the same in JSON and TOML.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "aiinfra_abc-_1";

    fn pastes(client: McpClient) -> Vec<Paste> {
        let command = ["/opt/ai \"x\"/ai-infra", "mcp", "--data", "C:\\x"];
        let to = Reached { url: "https://ai.example.com", secret: Some(SECRET), command: &command };
        client.pastes(to)
    }

    #[test]
    fn what_goes_into_a_json_file_is_json_with_the_servers_address() {
        for (client, path) in [
            (McpClient::Cursor, "/mcpServers/ai-infra"),
            (McpClient::VsCode, "/servers/ai-infra"),
            (McpClient::Zed, "/context_servers/ai-infra"),
        ] {
            let text = &pastes(client)[0].text;
            let value: serde_json::Value = serde_json::from_str(text).unwrap();
            let server = value.pointer(path).unwrap();
            assert_eq!(server["url"], "https://ai.example.com/mcp", "{client:?}");
            let shown = server["headers"]["Authorization"].as_str().unwrap();
            let asked = client == McpClient::VsCode;
            let expected = if asked { "${input:ai-infra-token}" } else { SECRET };
            assert_eq!(shown, format!("Bearer {expected}"), "{client:?}");
        }
        let value: serde_json::Value =
            serde_json::from_str(&pastes(McpClient::Stdio)[0].text).unwrap();
        let server = &value["mcpServers"]["ai-infra"];
        assert_eq!(server["command"], "/opt/ai \"x\"/ai-infra");
        assert_eq!(server["args"], serde_json::json!(["mcp", "--data", "C:\\x"]));
    }

    #[test]
    fn no_secret_stands_among_the_words_of_a_command() {
        for client in [McpClient::ClaudeCode, McpClient::Codex] {
            let pastes = pastes(client);
            assert_eq!(pastes[0].text, format!("export AI_INFRA_TOKEN='{SECRET}'"));
            assert!(!pastes[1].text.contains(SECRET), "{}", pastes[1].text);
            assert!(pastes[1].text.contains("AI_INFRA_TOKEN"), "{}", pastes[1].text);
            assert!(pastes[1].text.contains("https://ai.example.com/mcp"), "{}", pastes[1].text);
        }
    }

    #[test]
    fn a_token_nobody_knows_any_more_has_a_marked_place() {
        for client in McpClient::ALL {
            let to = Reached { url: "http://x", secret: None, command: &["ai-infra", "mcp"] };
            let text: String = client.pastes(to).into_iter().map(|paste| paste.text).collect();
            let marked = client.takes_token() && client != McpClient::VsCode;
            assert_eq!(text.contains(UNKNOWN), marked, "{client:?}");
            assert_eq!(McpClient::named(client.name()), Some(client));
        }
    }
}
