//! The browser's clock, and times of the server in the person's own words and zone.

use js_sys::Date;
use wasm_bindgen::JsValue;

use crate::model::when;

/// Milliseconds since 1970.
pub fn now() -> f64 {
    Date::now()
}

/// Reads an RFC 3339 time; NaN when it is none.
pub fn millis(at: &str) -> f64 {
    Date::parse(at)
}

/// The time of day, `14:05`.
pub fn of_day(at: &str) -> String {
    let date = Date::new(&JsValue::from_str(at));
    format!("{:02}:{:02}", date.get_hours(), date.get_minutes())
}

/// The whole time, as the person's browser writes it.
pub fn whole(at: &str) -> String {
    String::from(Date::new(&JsValue::from_str(at)).to_locale_string("en-GB", &JsValue::UNDEFINED))
}

/// How long ago it was.
pub fn ago(at: &str) -> String {
    when::ago(millis(at), now())
}

/// Which part of a list it belongs to.
pub fn day_group(at: &str) -> &'static str {
    let midnight = Date::new_0();
    midnight.set_hours(0);
    midnight.set_minutes(0);
    midnight.set_seconds(0);
    midnight.set_milliseconds(0);
    when::day_group(millis(at), midnight.get_time())
}
