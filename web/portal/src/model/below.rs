//! Addresses of a portal that stands below a path, such as `/ai`, which is empty where it stands at
//! its host's root. Knows no page and no browser.

/// Puts the path before an address of ours.
#[must_use]
pub fn below(base: &str, address: &str) -> String {
    format!("{base}{address}")
}

/// Takes the path off an address of the browser's; `None` when it leads elsewhere.
#[must_use]
pub fn inside<'a>(base: &str, address: &'a str) -> Option<&'a str> {
    let rest = address.strip_prefix(base)?;
    match rest.chars().next() {
        None => Some("/"),
        Some('/') => Some(rest),
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_below_the_path_is_found_inside() {
        for base in ["", "/ai", "/team/ai"] {
            for address in ["/", "/memory?q=x", "/c/1"] {
                assert_eq!(inside(base, &below(base, address)), Some(address), "{base}");
            }
        }
        assert_eq!(inside("/ai", "/ai"), Some("/"));
    }

    #[test]
    fn a_neighbours_address_is_not_ours() {
        for address in ["/", "/aix", "/a", "/memory", ""] {
            assert_eq!(inside("/ai", address), None, "{address}");
        }
    }
}
