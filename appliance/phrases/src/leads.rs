//! What people put before a fact that they want kept ("please remember that"). Judges no fact.

/// What people put before a fact that they want kept, lower case, longest first. Frozen: the first
/// version of the form rests on it.
pub(crate) const LEADS_V1: [&str; 22] = [
    "please remember that",
    "i want you to remember that",
    "i want you to know that",
    "please note that",
    "for your information",
    "keep in mind that",
    "don't forget that",
    "do not forget that",
    "remember this",
    "remember that",
    "for the record",
    "don't forget",
    "note to self",
    "just so you know",
    "/remember",
    "remember",
    "note that",
    "please",
    "noted",
    "note",
    "btw",
    "fyi",
];

/// Takes away what stands before the fact, as often as one of `leads` does.
pub(crate) fn without_leads<'a>(text: &'a str, leads: &[&str]) -> &'a str {
    let mut rest = text.trim();
    while let Some(shorter) = without_lead(rest, leads) {
        rest = shorter;
    }
    rest
}

fn without_lead<'a>(text: &'a str, leads: &[&str]) -> Option<&'a str> {
    leads.iter().find_map(|lead| {
        let head = text.get(..lead.len())?;
        let rest = &text[lead.len()..];
        let whole = rest.starts_with(|c: char| c.is_whitespace() || c == ':' || c == ',');
        let rest = rest.trim_start_matches([':', ',']).trim_start();
        (whole && head.eq_ignore_ascii_case(lead) && !rest.is_empty()).then_some(rest)
    })
}
