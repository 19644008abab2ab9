//! What is wrong is named with its place and the way out, all of it at once, and never a secret.

mod support;

use support::given;

#[test]
fn an_unknown_key_names_file_line_column_and_the_nearest_key() {
    let wrong = given().file("config.yaml", "server:\n  lisen: 127.0.0.1:9000\n").wrong();
    let expected = "config.yaml:2:3: there is no setting `server.lisen`; did you mean \
                    `server.listen`?";
    assert_eq!(wrong, [expected]);
}

#[test]
fn an_unknown_section_is_an_unknown_key() {
    let wrong = given().file("conf.d/a.yaml", "\nservr:\n  listen: 127.0.0.1:9000\n").wrong();
    assert_eq!(wrong.len(), 1);
    assert!(wrong[0].starts_with("conf.d/a.yaml:3:3: there is no setting `servr.listen`"));
    assert!(wrong[0].ends_with("did you mean `server.listen`?"), "{wrong:?}");
}

#[test]
fn a_wrong_type_names_file_line_key_what_was_expected_and_what_was_found() {
    let wrong = given().file("config.yaml", "server:\n  max_connections: many\n").wrong();
    let expected = "config.yaml:2: server.max_connections: expected a whole number from 1 to \
                    100000, found `many`";
    assert_eq!(wrong, [expected]);
    let wrong = given().file("config.yaml", "server:\n  listen: 8000\n").wrong();
    assert!(wrong[0].contains("expected an IP address with a port"), "{wrong:?}");
    let wrong = given().file("config.yaml", "model: {provider: gpt}").wrong();
    assert!(wrong[0].ends_with("expected `demo` or `anthropic`, found `gpt`"), "{wrong:?}");
    let wrong = given().file("config.yaml", "logging: {level: [a, b]}").wrong();
    assert!(wrong[0].contains("one value, not a list"), "{wrong:?}");
}

#[test]
fn a_public_url_that_could_not_work_is_refused_with_the_reason() {
    for (url, why) in [
        ("https://example.com/ai?x=1", "leave out `?`"),
        ("example.com/ai", "begin with https:// or http://"),
        ("https://example.com/a/../ai", "write it out"),
        ("https://example.com/memory", "take another path, such as /ai"),
    ] {
        let wrong = given().file("config.yaml", &format!("server:\n  public_url: {url}\n")).wrong();
        let begins = "config.yaml:2: server.public_url: expected an address such as";
        assert!(wrong[0].starts_with(begins) && wrong[0].contains(why), "{wrong:?}");
        assert!(wrong[0].ends_with(&format!("found `{url}`")), "{wrong:?}");
    }
}

#[test]
fn a_value_in_place_of_a_section_and_the_other_way_round_are_told() {
    let wrong = given().file("config.yaml", "server: 8000\n").wrong();
    assert!(wrong[0].starts_with("config.yaml:1:9: server: expected a section"), "{wrong:?}");
    let wrong = given().file("config.yaml", "mode:\n  kind: embedded\n").wrong();
    assert!(wrong[0].contains("there is no setting `mode.kind`"), "{wrong:?}");
    let wrong = given().file("config.yaml", "- a\n- b\n").wrong();
    assert!(wrong[0].contains("expected sections"), "{wrong:?}");
}

#[test]
fn broken_yaml_and_a_key_twice_name_their_line() {
    let wrong = given().file("config.yaml", "server:\n  listen: \"127\n").wrong();
    assert_eq!(wrong.len(), 1);
    assert!(wrong[0].starts_with("config.yaml:"), "{wrong:?}");
    let twice = "server:\n  max_connections: 1\n  max_connections: 2\n";
    let wrong = given().file("config.yaml", twice).wrong();
    assert!(wrong[0].starts_with("config.yaml:3:"), "{wrong:?}");
}

#[test]
fn an_unknown_variable_of_ours_is_an_error_and_a_strangers_is_not() {
    let wrong = given().env("AI_INFRA__SERVER__LISTN", "x").env("SERVER_LISTN", "x").wrong();
    let expected = "environment: there is no setting behind AI_INFRA__SERVER__LISTN; did you mean \
                    `AI_INFRA__SERVER__LISTEN`?";
    assert_eq!(wrong, [expected]);
}

#[test]
fn everything_that_is_wrong_is_told_at_once() {
    let wrong = given()
        .file("config.yaml", "server: {listn: x, max_connections: 0}")
        .file("conf.d/a.yaml", "logging: {format: yaml}")
        .env("AI_INFRA__MODEL__MAX_TOKENS", "-1")
        .env("AI_INFRA__NO__SUCH", "1")
        .wrong();
    assert_eq!(wrong.len(), 5, "{wrong:#?}");
}

#[test]
fn production_is_refused_with_what_there_is_instead() {
    let wrong = given().file("config.yaml", "mode: production").wrong();
    assert_eq!(wrong.len(), 1);
    assert!(wrong[0].contains("records: redb") && wrong[0].contains("set mode: embedded"));
}

#[test]
fn a_named_directory_must_exist_and_the_usual_one_need_not() {
    let mut given = given();
    given.sources.config_dir = Some("/nonexistent/ai-infra".into());
    assert!(given.wrong()[0].contains("/nonexistent/ai-infra"));
    given.sources.config_dir = None;
    let given = given.env("XDG_CONFIG_HOME", "/nonexistent");
    assert!(given.load().files.iter().all(|file| file.starts_with("/etc")));
}

#[test]
fn an_address_with_a_user_or_without_a_host_is_refused() {
    for url in ["ftp://x", "http://", "https://user:pw@host", "https://host?x=1", "host"] {
        let wrong = given().env("ANTHROPIC_BASE_URL", url).wrong();
        assert!(wrong[0].contains("expected an address"), "{url}: {wrong:?}");
        assert!(!wrong[0].contains("user:pw"), "{wrong:?}");
    }
}

#[test]
fn a_secret_is_in_no_output_not_even_in_an_error() {
    const CANARY: &str = "sk-canary-7f3a";
    let yaml = format!("model:\n  api_key: {CANARY}\nserver:\n  jwt_secret: {CANARY}\n");
    let given = given().file("config.yaml", &yaml);
    let wrong = given.wrong().join("\n");
    assert!(wrong.contains("at least 32 bytes") && !wrong.contains(CANARY), "{wrong}");

    let settings = support::given().env("ANTHROPIC_API_KEY", CANARY).load();
    let entries = format!("{:?}", settings.entries());
    assert!(!entries.contains(CANARY) && !format!("{settings:?}").contains(CANARY));
    assert!(!format!("{:?}", settings.model).contains(CANARY));
    let entry = settings.entries().iter().find(|entry| entry.key == "model.api_key").unwrap();
    assert_eq!(entry.value.as_deref(), Some("set"));

    let broken = format!("model:\n  api_key: \"{CANARY}\n");
    let wrong = support::given().file("config.yaml", &broken).wrong().join("\n");
    assert!(!wrong.contains(CANARY), "{wrong}");
    let nested = format!("model:\n  api_key: {{a: {CANARY}}}\n");
    let wrong = support::given().file("config.yaml", &nested).wrong().join("\n");
    assert!(!wrong.contains(CANARY), "{wrong}");
}

#[test]
fn every_key_has_a_reference_and_a_variable_of_its_own() {
    let mut seen = std::collections::BTreeSet::new();
    for key in appliance_config::keys() {
        assert!(key.about().len() > 10, "{} has no reference", key.name);
        assert!(seen.insert(key.variable()), "{} twice", key.name);
        assert!(key.aliases.iter().all(|alias| seen.insert((*alias).to_owned())));
    }
}
