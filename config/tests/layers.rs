//! Which source wins, and that every value knows where it came from.

mod support;

use appliance_config::{AgentRun, LogFormat, Provider};
use secrecy::ExposeSecret as _;
use support::{given, origin};

#[test]
fn without_any_source_everything_has_its_default() {
    let settings = given().load();
    assert_eq!(settings.server.listen.to_string(), "127.0.0.1:8000");
    assert_eq!(settings.model.provider, Provider::Demo);
    assert_eq!(settings.model.name, "demo");
    assert_eq!(settings.model.demo_words_per_second, 80);
    assert_eq!(settings.agents.run, AgentRun::All);
    assert_eq!(settings.logging.format, LogFormat::Auto);
    assert_eq!(settings.clock.offset_seconds, 0);
    assert!(settings.server.allowed_hosts.is_empty() && settings.model.api_key.is_none());
    assert!(settings.entries().iter().all(|entry| entry.origin.to_string() == "default"));
}

#[test]
fn each_stronger_source_wins_and_is_named() {
    let file = "server:\n  max_connections: 10\n";
    let given = given().file("config.yaml", file);
    assert_eq!(given.load().server.max_connections, 10);
    let at = given.path().join("config.yaml");
    let found = origin(&given.load(), "server.max_connections");
    assert_eq!(found, format!("{}:2", at.display()));

    let given = given.file("conf.d/10-a.yaml", "\n\nserver: {max_connections: 20}");
    let given = given.file("conf.d/20-b.yaml", "server:\n  max_connections: 30");
    assert_eq!(given.load().server.max_connections, 30);
    assert!(origin(&given.load(), "server.max_connections").ends_with("20-b.yaml:2"));

    let given = given.env("AI_INFRA__SERVER__MAX_CONNECTIONS", "40");
    assert_eq!(given.load().server.max_connections, 40);
    let found = origin(&given.load(), "server.max_connections");
    assert_eq!(found, "environment AI_INFRA__SERVER__MAX_CONNECTIONS");

    let given = given.cli("server.max_connections", "--connections", "50");
    assert_eq!(given.load().server.max_connections, 50);
    assert_eq!(origin(&given.load(), "server.max_connections"), "--connections");
}

#[test]
fn a_credential_beats_files_and_the_environment_beats_a_credential() {
    let given = given()
        .file("config.yaml", "model: {api_key: from-file}")
        .file("credentials/ANTHROPIC_API_KEY", "from-credential\n");
    let dir = given.path().join("credentials").display().to_string();
    let given = given.env("CREDENTIALS_DIRECTORY", &dir);
    let key = |settings: appliance_config::Settings| {
        settings.model.api_key.unwrap().expose_secret().to_owned()
    };
    assert_eq!(key(given.load()), "from-credential");
    assert_eq!(origin(&given.load(), "model.api_key"), "credential ANTHROPIC_API_KEY");
    let given = given.env("ANTHROPIC_API_KEY", "from-environment");
    assert_eq!(key(given.load()), "from-environment");
    let given = given.env("AI_INFRA__MODEL__API_KEY", "from-our-own-name");
    assert_eq!(key(given.load()), "from-our-own-name");
}

#[test]
fn the_plans_names_are_accepted() {
    let secret = "0123456789abcdef0123456789abcdef";
    let settings = given()
        .env("ANTHROPIC_BASE_URL", "http://127.0.0.1:9999/")
        .env("PRIMARY_DOMAIN", "Portal.Example.com")
        .env("API_DOMAIN", "api.example.com")
        .env("JWT_SECRET", secret)
        .env("JWT_ALGORITHM", "HS256")
        .env("JWT_EXPIRY_HOURS", "48")
        .env("POSTGRES_HOST", "localhost")
        .env("REDIS_PORT", "6379")
        .env("QDRANT_PORT", "6333")
        .env("AWS_CA_BUNDLE", "/etc/somebody-elses.pem")
        .load();
    assert_eq!(settings.model.base_url.as_str(), "http://127.0.0.1:9999");
    assert_eq!(settings.server.session_hours, 48);
    assert_eq!(settings.server.jwt_secret.as_ref().unwrap().expose_secret(), secret);
    let bound = settings.server.listen;
    assert_eq!(settings.server.url(bound), "https://portal.example.com");
    assert!(settings.server.hosts(bound).contains(&"api.example.com".to_owned()));
    let notes = settings.notes.join("\n");
    for name in ["POSTGRES_HOST", "REDIS_PORT", "QDRANT_PORT"] {
        assert!(notes.contains(name), "{notes}");
    }
    assert!(!notes.contains("AWS_CA_BUNDLE"), "not one of the plan's: {notes}");
}

#[test]
fn a_file_twin_holds_the_value_and_both_at_once_are_refused() {
    let given = given().file("key", "sk-from-a-file\n");
    let path = given.path().join("key").display().to_string();
    let given = given.env("ANTHROPIC_API_KEY_FILE", &path);
    assert_eq!(given.load().model.api_key.unwrap().expose_secret(), "sk-from-a-file");
    assert_eq!(origin(&given.load(), "model.api_key"), "environment ANTHROPIC_API_KEY_FILE");
    let wrong = given.env("ANTHROPIC_API_KEY", "sk-other").wrong();
    assert_eq!(wrong.len(), 1);
    assert!(wrong[0].contains("ANTHROPIC_API_KEY_FILE are both set"), "{wrong:?}");
}

#[test]
fn from_aws_secrets_means_unset_and_is_told() {
    let settings = given().env("JWT_SECRET", "<from-aws-secrets>").load();
    assert!(settings.server.jwt_secret.is_none());
    assert!(settings.notes[0].contains("JWT_SECRET") && settings.notes[0].contains("not set"));
}

#[test]
fn an_empty_variable_counts_as_unset() {
    let settings = given().env("AI_INFRA__SERVER__LISTEN", "").load();
    assert_eq!(origin(&settings, "server.listen"), "default");
}

#[test]
fn the_model_of_anthropic_has_a_name_without_being_asked() {
    let settings = given().env("AI_INFRA__MODEL__PROVIDER", "anthropic").load();
    assert_eq!(settings.model.name, "claude-sonnet-5-5");
    let settings = given()
        .env("AI_INFRA__MODEL__PROVIDER", "anthropic")
        .env("AI_INFRA__MODEL__NAME", "claude-opus-4-1")
        .load();
    assert_eq!(settings.model.name, "claude-opus-4-1");
}

#[test]
fn lists_come_from_yaml_lists_and_from_commas() {
    let yaml = "server:\n  allowed_hosts:\n    - a.example\n    - b.example:8443\n";
    let settings = given().file("config.yaml", yaml).load();
    assert_eq!(settings.server.allowed_hosts, ["a.example", "b.example:8443"]);
    let settings = given().env("AI_INFRA__SERVER__ALLOWED_HOSTS", "a.example, b.example").load();
    assert_eq!(settings.server.allowed_hosts, ["a.example", "b.example"]);
}

#[test]
fn the_example_is_itself_a_file_that_loads() {
    let example = appliance_config::example();
    let settings = given().file("config.yaml", &example).load();
    assert!(settings.entries().iter().all(|entry| entry.origin.to_string() == "default"));
    let uncommented: String = example
        .lines()
        .map(|line| match line.trim_start().strip_prefix("# ") {
            Some(rest) if rest.starts_with("listen:") => format!("  {rest}\n"),
            _ => format!("{line}\n"),
        })
        .collect();
    let settings = given().file("config.yaml", &uncommented).load();
    assert!(origin(&settings, "server.listen").contains("config.yaml:"));
}
