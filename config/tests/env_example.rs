//! `.env.example` holds exactly the variables that there are: none missing, none that nobody reads.

mod support;

use std::collections::BTreeSet;

use support::given;

/// Names that a line of the example sets, commented out or not.
fn names() -> BTreeSet<String> {
    let text = include_str!("../../.env.example");
    let assigned = text.lines().filter_map(|line| line.trim_start_matches("# ").split_once('='));
    let fits = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_';
    let is_name = |name: &&str| !name.is_empty() && name.bytes().all(fits);
    assigned.map(|(name, _)| name).filter(is_name).map(str::to_owned).collect()
}

#[test]
fn every_setting_is_in_it_under_one_of_its_names() {
    let names = names();
    for key in appliance_config::keys().filter(|key| key.name != "mode") {
        let known = names.contains(&key.variable())
            || key.aliases.iter().any(|alias| names.contains(*alias))
            || key.name == "logging.level";
        assert!(known, "{} is missing", key.name);
    }
}

#[test]
fn every_name_in_it_is_read_or_told_to_have_no_effect() {
    for name in names() {
        let settings = match name.strip_suffix("_FILE") {
            Some(_) => continue,
            None => given().env(&name, "<from-aws-secrets>").load(),
        };
        let told = settings.notes.iter().any(|note| note.contains(&name));
        assert!(told, "{name} is neither a setting nor known to have no effect");
    }
}
