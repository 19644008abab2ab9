//! `task list` and `task cancel`: what agents work on for a person, and the end of it before its time.

use std::process::ExitCode;

use http::Method;
use web_dto::{TaskList, TaskView};

use super::{Client, Context, arguments::Task, client, memory, print};

/// Characters of what was asked that fit beside the rest.
const WIDTH: usize = 60;

/// Runs one of the task commands.
///
/// # Errors
/// When no server runs, or there is no such task.
pub fn run(context: &Context, command: &Task) -> anyhow::Result<ExitCode> {
    match command {
        Task::List { limit } => list(context, *limit),
        Task::Cancel { id } => {
            let server = context.client()?;
            let task = context.block_on(cancel(&server, id))?;
            told(context, &task)
        }
    }
}

/// Calls a message's answer off; what is written of it is kept. One that has ended is left as it is.
///
/// # Errors
/// When no server runs, or there is no such task.
pub async fn cancel(server: &Client, id: &str) -> anyhow::Result<TaskView> {
    let path = format!("/api/tasks/{}/cancel", memory::segment(id));
    let told = server.exchange(&Method::POST, &path, None, None::<&()>).await?;
    told.map_err(|problem| client::told(&problem).into())
}

/// Tells whether a task was called off, and not ended before that.
pub fn is_cancelled(task: &TaskView) -> bool {
    task.status == "cancelled"
}

fn list(context: &Context, limit: u16) -> anyhow::Result<ExitCode> {
    let server = context.client()?;
    let found: TaskList = context.block_on(server.get(&format!("/api/tasks?limit={limit}")))?;
    if context.json() {
        print::json(&found)?;
    } else if found.items.is_empty() {
        context.say("nothing was asked yet");
    } else {
        let rows = found.items.iter().map(row).collect();
        print::out(&(print::table(&["ID", "STATUS", "AGENT", "ASKED"], rows) + "\n"))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn row(task: &TaskView) -> Vec<String> {
    let asked = print::line(&task.input, WIDTH);
    let status = match &task.wait {
        Some(wait) => {
            let agent = &task.in_hand().unwrap_or(task).agent;
            format!("{} ({})", task.status, wait.words(agent, wait.left_ms))
        }
        None => task.status.clone(),
    };
    vec![task.id.clone(), status, task.agent.clone(), asked]
}

fn told(context: &Context, task: &TaskView) -> anyhow::Result<ExitCode> {
    if context.json() {
        print::json(task)?;
    } else if is_cancelled(task) {
        context.say("it is called off; what was written of the answer is kept");
    } else {
        context.say(&format!("it has ended already: {}", task.status));
    }
    Ok(ExitCode::SUCCESS)
}
