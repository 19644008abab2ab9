//! Did you mean: the nearest known name for one that is not known. Decides nothing.

/// Words nearer than this (Jaro-Winkler, 0..=1) are worth suggesting; found by trying typing slips.
const NEAR: f64 = 0.8;

/// Returns `; did you mean ...?` for the nearest known name, or where to find all of them.
pub(crate) fn hint<'a>(wrong: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let wrong = wrong.to_lowercase();
    let nearest = known
        .into_iter()
        .map(|name| (strsim::jaro_winkler(&wrong, &name.to_lowercase()), name))
        .filter(|(score, _)| *score >= NEAR)
        .max_by(|(a, _), (b, _)| a.total_cmp(b));
    match nearest {
        Some((_, name)) => format!("; did you mean `{name}`?"),
        None => "; `ai-infra config show` lists all of them".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::hint;

    #[test]
    fn a_slip_of_the_finger_is_recognised_and_nonsense_is_not() {
        let known = ["server.listen", "server.public_url"];
        assert_eq!(hint("server.lsiten", known), "; did you mean `server.listen`?");
        assert!(hint("zzz", known).contains("config show"));
    }
}
