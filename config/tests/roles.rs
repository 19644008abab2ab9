//! The embedded roles, prompts and session, and the operator's own in their place.

mod support;

use appliance_core::AgentName;
use support::given;

#[test]
fn the_embedded_roles_are_the_six_with_a_prompt_and_a_description_each() {
    let settings = given().load();
    let names: Vec<AgentName> = settings.roles.iter().map(|role| role.name).collect();
    assert_eq!(names, AgentName::ALL);
    assert!(settings.roles.iter().all(|r| r.prompt.len() > 50 && r.description.len() > 20));
    assert_eq!(settings.session.name, "ai-infrastructure");
    let windows: Vec<(u32, &str)> =
        settings.session.windows.iter().map(|w| (w.index, w.name.as_str())).collect();
    assert_eq!(windows[0], (0, "supervisor"));
    assert_eq!(windows[7], (7, "logs"));
}

#[test]
fn a_prompt_in_the_configuration_directory_replaces_the_embedded_one() {
    let settings = given().file("prompts/code.md", "Speak like a pirate.").load();
    assert_eq!(settings.roles[1].prompt, "Speak like a pirate.");
    assert!(settings.roles[2].prompt.len() > 50);
}

#[test]
fn a_role_that_is_missing_or_unknown_is_told() {
    let one = "agents:\n  - {name: code, window: 1, prompt: code.md, description: x}\n";
    let wrong = given().file("agents.yaml", one).wrong();
    assert!(wrong[0].contains("each of supervisor, code"), "{wrong:?}");
    let wrong = given().file("agents.yaml", &one.replace("name: code", "name: chef")).wrong();
    assert!(wrong[0].contains("there is no agent `chef`"), "{wrong:?}");
    let wrong = given().file("agents.yaml", &one.replace("code.md", "../../etc/passwd")).wrong();
    assert!(wrong[0].contains("must be a file name"), "{wrong:?}");
    let wrong = given().file("agents.yaml", &one.replace("window", "windw")).wrong();
    assert!(wrong[0].starts_with("agents.yaml:2:"), "{wrong:?}");
}
