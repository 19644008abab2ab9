//! What an answer waits for before anybody works on it: said on standard error, once for each wait.
//!
//! Looks at the record now and then, beside the feed that the answer comes by. A look that fails says
//! nothing: whoever follows the answer meets the same trouble and tells it.

use std::{convert::Infallible, time::Duration};

use tokio::time::sleep;
use web_dto::{AgentList, HeldUp, TaskView};

use crate::cli::{Client, Context, print};

/// How often it is looked.
const EVERY: Duration = Duration::from_secs(1);

/// Says what the task waits for, whenever that is something else; ends with the future it runs beside.
pub async fn tell(context: &Context, client: &Client, task: &str) -> Infallible {
    let mut said = None;
    loop {
        sleep(EVERY).await;
        let Ok(now) = look(client, task).await else { continue };
        if let Some(words) = now.as_ref().filter(|_| said != now) {
            context.say(words);
        }
        said = now;
    }
}

async fn look(client: &Client, task: &str) -> anyhow::Result<Option<String>> {
    let task: TaskView = client.get(&format!("/api/tasks/{task}")).await?;
    let Some(part) = task.in_hand() else { return Ok(None) };
    let all: AgentList = client.get("/api/agents").await?;
    let agent = all.agents.iter().find(|agent| agent.name == part.agent);
    Ok(agent.and_then(HeldUp::by).map(|held| held_up(&held)))
}

fn held_up(held: &HeldUp) -> String {
    let words = print::line(&held.words, usize::MAX);
    let start = match held.can_start {
        true => format!(" Start it: ai-infra agent start {}", held.agent),
        false => String::new(),
    };
    format!("{words}{start}\n  your message waits for it; Ctrl-C calls it off")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_held_up_is_said_with_the_way_out() {
        let held = |words: &str, can_start| {
            held_up(&HeldUp { agent: "qa".to_owned(), words: words.to_owned(), can_start })
        };
        let told = held("QA is stopped.", true);
        assert!(told.starts_with("QA is stopped. Start it: ai-infra agent start qa\n"), "{told}");
        let told = held("QA is not running: \u{1b}[2J.", false);
        assert!(!told.contains("Start it") && !told.contains('\u{1b}'), "{told}");
    }
}
