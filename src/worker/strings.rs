//! Strings that go to JavaScript again and again: statements, and heads of responses. Each is decoded once, and kept there.

use std::cell::RefCell;
use std::collections::VecDeque;

use worker::js_sys::JsString;

/// Most strings that are kept; beyond, the oldest is decoded again.
const MAX_KEPT: usize = 16;

thread_local! {
    static KEPT: RefCell<VecDeque<(String, JsString)>> = RefCell::default();
}

/// Calls a function of JavaScript with the string. It must not call back.
pub fn call_with(text: &str, call: impl FnOnce(&JsString)) {
    KEPT.with_borrow_mut(|kept| {
        // By reference: a clone takes a place of its own in the table of JavaScript's values.
        if let Some((_, string)) = kept.iter().find(|(other, _)| other == text) {
            return call(string);
        }
        let string = JsString::from(text);
        call(&string);
        if kept.len() >= MAX_KEPT {
            kept.pop_front();
        }
        kept.push_back((text.to_owned(), string));
    });
}
