//! Where the portal stands on its host: the path that the server has written into the page
//! (`data-base`), and addresses with it. The one place that knows it.

use leptos::prelude::*;

use crate::model::{below, inside};

thread_local! {
    static BASE: String = document()
        .document_element()
        .and_then(|root| root.get_attribute("data-base"))
        .unwrap_or_default();
}

/// Returns an address of ours, such as `/memory` or `/api/info`, as the browser has to ask for it.
pub fn at(address: &str) -> String {
    BASE.with(|base| below(base, address))
}

/// Returns the address of ours that the browser's is, if it is one.
pub fn of(address: &str) -> Option<String> {
    BASE.with(|base| inside(base, address).map(str::to_owned))
}
