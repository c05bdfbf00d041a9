//! Strings that go to JavaScript again and again: statements, and heads of responses. Each is decoded once, and kept there.

use std::cell::RefCell;
use std::collections::VecDeque;

use worker::js_sys::JsString;

/// Most strings that are kept; beyond, the oldest is decoded again.
const MAX_KEPT: usize = 16;

thread_local! {
    static KEPT: RefCell<VecDeque<(String, JsString)>> = RefCell::default();
}

/// The string in JavaScript.
pub fn to_js(text: &str) -> JsString {
    KEPT.with_borrow_mut(|kept| {
        if let Some((_, string)) = kept.iter().find(|(other, _)| other == text) {
            return string.clone();
        }
        let string = JsString::from(text);
        if kept.len() >= MAX_KEPT {
            kept.pop_front();
        }
        kept.push_back((text.to_owned(), string.clone()));
        string
    })
}
