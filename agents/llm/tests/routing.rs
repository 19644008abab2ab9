//! The demo model routes plain messages to the worker a person would choose.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod support;

use appliance_core::{AgentName, desk::WorkerCard, routing};

/// Descriptions of the kind that `agents.yaml` gives: phrases in the words people use.
fn workers() -> Vec<WorkerCard> {
    let of = |name, description: &str| WorkerCard { name, description: description.to_owned() };
    vec![
        of(AgentName::Code, include_str!("workers/code.txt")),
        of(AgentName::Data, include_str!("workers/data.txt")),
        of(AgentName::Infra, include_str!("workers/infra.txt")),
        of(AgentName::Research, include_str!("workers/research.txt")),
        of(AgentName::Qa, include_str!("workers/qa.txt")),
    ]
}

const MESSAGES: [(&str, AgentName); 45] = [
    ("write a python function that reverses a string", AgentName::Code),
    ("write a python function", AgentName::Code),
    ("refactor the parser module into smaller files", AgentName::Code),
    ("fix the bug in login.rs", AgentName::Code),
    ("commit my changes and push the branch", AgentName::Code),
    ("why does this rust program not compile?", AgentName::Code),
    ("implement a REST endpoint for users in axum", AgentName::Code),
    ("merge the feature branch into main", AgentName::Code),
    ("how big is table orders", AgentName::Data),
    ("run a SQL query that counts the customers per country", AgentName::Data),
    ("which columns does the users table have?", AgentName::Data),
    ("load this csv file into postgres", AgentName::Data),
    ("make a backup of the database", AgentName::Data),
    ("plot monthly revenue from the sales data", AgentName::Data),
    ("migrate the schema to the new version", AgentName::Data),
    ("export all invoices of 2025 as csv", AgentName::Data),
    ("renew the TLS certificate of example.com", AgentName::Infra),
    ("is nginx up", AgentName::Infra),
    ("restart the docker container of the blog", AgentName::Infra),
    ("how much disk space is left on the server?", AgentName::Infra),
    ("add a DNS record for api.example.com", AgentName::Infra),
    ("why is the cpu load so high?", AgentName::Infra),
    ("set up a reverse proxy for port 3000", AgentName::Infra),
    ("deploy the website to production", AgentName::Infra),
    ("find papers about vector databases", AgentName::Research),
    ("search the web for news on rust async", AgentName::Research),
    ("summarise this article about climate policy", AgentName::Research),
    ("compare the three best note taking apps", AgentName::Research),
    ("explain how transformers work", AgentName::Research),
    ("what is the capital of Portugal?", AgentName::Research),
    ("review this pull request", AgentName::Qa),
    ("test the checkout page", AgentName::Qa),
    ("review this", AgentName::Qa),
    ("write unit tests for the billing module", AgentName::Qa),
    ("check this code for security holes", AgentName::Qa),
    ("is there a vulnerability in our dependencies?", AgentName::Qa),
    ("validate the input of the signup form", AgentName::Qa),
    ("measure the test coverage", AgentName::Qa),
    ("hello", AgentName::Research),
    ("thank you very much", AgentName::Research),
    ("remember that my sister's birthday is on 4 May", AgentName::Research),
    ("when is my sister's birthday?", AgentName::Research),
    ("remember that the office dog is called Biscuit", AgentName::Research),
    ("remember that the staging database is called heron", AgentName::Research),
    ("🐦", AgentName::Research),
];

/// Messages that were written after the descriptions and to which nothing was fitted.
const UNSEEN: [(&str, AgentName); 30] = [
    ("this loop never ends, can you see why?", AgentName::Code),
    ("add a --verbose flag to the command line tool", AgentName::Code),
    ("write a shell script that renames all my photos", AgentName::Code),
    ("there is a null pointer exception in OrderService.java", AgentName::Code),
    ("create a new git branch for the payment feature", AgentName::Code),
    ("convert this class from javascript to typescript", AgentName::Code),
    ("how many orders did we get last week?", AgentName::Data),
    ("show me the ten largest tables", AgentName::Data),
    ("delete duplicate rows from customers", AgentName::Data),
    ("what was our average revenue per user in march?", AgentName::Data),
    ("add an index to the email column", AgentName::Data),
    ("clean up the spreadsheet I uploaded", AgentName::Data),
    ("the site is down", AgentName::Infra),
    ("open port 443 in the firewall", AgentName::Infra),
    ("when does the ssl certificate of my domain expire?", AgentName::Infra),
    ("show the last 100 lines of the nginx error log", AgentName::Infra),
    ("create a subdomain for the blog", AgentName::Infra),
    ("the server ran out of memory", AgentName::Infra),
    ("what do people say about the new iphone?", AgentName::Research),
    ("who invented the transistor?", AgentName::Research),
    ("recommend a good book on distributed systems", AgentName::Research),
    ("give me an overview of solar energy in Spain", AgentName::Research),
    ("how do I learn Portuguese quickly?", AgentName::Research),
    ("good morning!", AgentName::Research),
    ("do a code review of my last commit", AgentName::Qa),
    ("are there tests for the parser?", AgentName::Qa),
    ("the tests are failing, run them again", AgentName::Qa),
    ("is our login page safe against sql injection?", AgentName::Qa),
    ("check whether the fix really works", AgentName::Qa),
    ("audit the api for security problems", AgentName::Qa),
];

#[tokio::test]
async fn most_messages_that_nothing_was_fitted_to_reach_the_right_worker() {
    let model = support::demo(None);
    let mut right = 0;
    for (text, wanted) in UNSEEN {
        let request = routing::request("demo", 300, &workers(), text);
        let reply = support::json(&model, &request).await;
        let Some((agent, reason)) = routing::choice(&reply) else { panic!("no choice: {reply}") };
        right += usize::from(agent == wanted);
        if agent != wanted {
            println!("`{text}` went to {agent} ({reason}), wanted {wanted}");
        }
    }
    println!("{right} of {} unseen messages routed as a person would", UNSEEN.len());
    assert!(right >= 24, "only {right} of {}", UNSEEN.len());
}

#[tokio::test]
async fn plain_messages_reach_the_worker_a_person_would_choose() {
    let model = support::demo(None);
    let mut wrong = Vec::new();
    for (text, wanted) in MESSAGES {
        let request = routing::request("demo", 300, &workers(), text);
        let reply = support::json(&model, &request).await;
        let Some((agent, reason)) = routing::choice(&reply) else { panic!("no choice: {reply}") };
        println!("{agent:10} {text}  <- {reason}");
        if agent != wanted {
            wrong.push(format!("`{text}` went to {agent} ({reason}), wanted {wanted}"));
        }
    }
    let right = MESSAGES.len() - wrong.len();
    println!("{right} of {} messages routed as a person would", MESSAGES.len());
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[tokio::test]
async fn routing_answers_alike_each_time_and_streams_too() {
    let model = support::demo(None);
    let mut request = routing::request("demo", 300, &workers(), "is nginx up");
    assert_eq!(support::json(&model, &request).await, support::json(&model, &request).await);

    request["stream"] = true.into();
    let events = support::events(&model, &request).await;
    let part = events.iter().find(|event| event["delta"]["type"] == "input_json_delta");
    let input = part.and_then(|event| event["delta"]["partial_json"].as_str()).unwrap();
    assert_eq!(serde_json::from_str::<serde_json::Value>(input).unwrap()["agent"], "infra");
    let stop = events.iter().find(|event| event["type"] == "message_delta").unwrap();
    assert_eq!(stop["delta"]["stop_reason"], "tool_use");
}

#[tokio::test]
async fn a_tool_that_the_demo_cannot_call_is_refused() {
    let model = support::demo(None);
    let mut request = routing::request("demo", 300, &workers(), "hello");
    request["tools"][0]["name"] = "launch".into();
    request["tool_choice"]["name"] = "launch".into();
    let (status, body) = support::post(&model, &request.to_string()).await;
    assert_eq!(status, 400);
    assert!(String::from_utf8_lossy(&body).contains("`route`"));
}
