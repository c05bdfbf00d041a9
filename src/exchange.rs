//! Exchanges: requests being answered, as futures that the platform polls when it has something for them.
//!
//! A future runs until it wishes for something (a row, say) or is done, and either is a text that is handed to
//! the platform; what it then gets makes the future go on. So a read is two plain calls into wasm. A promise
//! for each future and a closure for each callback would cost a tenth of its CPU time.

use std::cell::Cell;
use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

/// The most exchanges that wait, and the most bytes that they hold together. One whose client has left is never
/// gone on with, and nothing tells so; so beyond either the oldest are given up.
const MOST_WAITING: usize = 4_096;
const MOST_BYTES: usize = 16 << 20;

/// What an exchange is given for a wish.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Given {
    /// A text.
    Text(String),
    /// Bytes.
    Bytes(Vec<u8>),
    /// There is too much of it.
    TooLarge,
    /// It could not be had; why, for the log.
    Failed(String),
}

/// Where an exchange leaves its wish and finds what it is given.
#[derive(Default)]
pub struct Mailbox {
    wish: Cell<Option<String>>,
    given: Cell<Option<Given>>,
}

impl Mailbox {
    /// Wishes for something, and waits for it.
    pub async fn ask(&self, wish: String) -> Given {
        self.wish.set(Some(wish));
        poll_fn(|_| self.given.take().map_or(Poll::Pending, Poll::Ready)).await
    }
}

struct Exchange {
    id: u32,
    /// The bytes that it holds, more or less.
    size: usize,
    mailbox: Rc<Mailbox>,
    work: Pin<Box<dyn Future<Output = String>>>,
}

/// The exchanges that wait, oldest first.
#[derive(Default)]
pub struct Exchanges {
    waiting: VecDeque<Exchange>,
    /// The bytes that they hold.
    size: usize,
}

impl Exchanges {
    /// Begins an exchange under a number that no other has, which holds `size` bytes while it waits. Its first
    /// wish or its result.
    pub fn begin(
        &mut self,
        id: u32,
        size: usize,
        mailbox: Rc<Mailbox>,
        work: impl Future<Output = String> + 'static,
    ) -> String {
        self.go_on(Exchange { id, size, mailbox, work: Box::pin(work) })
    }

    /// Gives an exchange what it wished for. Its next wish or its result; nothing if there is no such exchange.
    pub fn resume(&mut self, id: u32, given: Given) -> Option<String> {
        let position = self.waiting.iter().position(|exchange| exchange.id == id)?;
        let exchange = self.waiting.remove(position)?;
        self.size -= exchange.size;
        exchange.mailbox.given.set(Some(given));
        Some(self.go_on(exchange))
    }

    fn go_on(&mut self, mut exchange: Exchange) -> String {
        // Nothing wakes it: who polls knows when.
        if let Poll::Ready(result) = exchange.work.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return result;
        }
        let wish = exchange.mailbox.wish.take().unwrap_or_default();
        self.size += exchange.size;
        self.waiting.push_back(exchange);
        while self.waiting.len() > MOST_WAITING || self.size > MOST_BYTES {
            self.size -= self.waiting.pop_front().map_or(self.size, |given_up| given_up.size);
        }
        wish
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn begin(exchanges: &mut Exchanges, id: u32) -> String {
        begin_of(exchanges, id, 1)
    }

    fn begin_of(exchanges: &mut Exchanges, id: u32, size: usize) -> String {
        let mailbox = Rc::new(Mailbox::default());
        exchanges.begin(id, size, Rc::clone(&mailbox), async move {
            let first = mailbox.ask(format!("first of {id}")).await;
            let second = mailbox.ask(format!("second after {first:?}")).await;
            format!("{id}: {second:?}")
        })
    }

    fn text(text: &str) -> Given {
        Given::Text(text.to_owned())
    }

    #[test]
    fn each_exchange_goes_on_with_what_it_is_given() {
        let mut exchanges = Exchanges::default();
        assert_eq!(begin(&mut exchanges, 1), "first of 1");
        assert_eq!(begin(&mut exchanges, 2), "first of 2");
        assert_eq!(exchanges.resume(2, text("a")).unwrap(), r#"second after Text("a")"#);
        assert_eq!(exchanges.resume(1, Given::TooLarge).unwrap(), "second after TooLarge");
        assert_eq!(exchanges.resume(2, Given::Bytes(vec![0])).unwrap(), "2: Bytes([0])");
        assert_eq!(exchanges.resume(1, text("")).unwrap(), r#"1: Text("")"#);
        for id in [1, 2, 3] {
            assert_eq!(exchanges.resume(id, text("")), None, "{id}");
        }
    }

    #[test]
    fn a_result_needs_no_wish() {
        let mut exchanges = Exchanges::default();
        assert_eq!(exchanges.begin(1, 1, Rc::default(), async { "at once".to_owned() }), "at once");
        assert_eq!(exchanges.resume(1, text("")), None);
    }

    #[test]
    fn those_that_nobody_goes_on_with_are_given_up_oldest_first() {
        let mut exchanges = Exchanges::default();
        for id in 0..=MOST_WAITING as u32 {
            begin(&mut exchanges, id);
        }
        assert_eq!(exchanges.resume(0, text("")), None);
        assert!(exchanges.resume(1, text("")).is_some());
        // It goes behind the others when it waits again.
        begin(&mut exchanges, 1_000_000);
        assert_eq!(exchanges.resume(2, text("")), None);
        assert!(exchanges.resume(1, text("")).is_some());
    }
    #[test]
    fn those_that_hold_much_are_given_up_sooner() {
        let mut exchanges = Exchanges::default();
        let [much, little] = [MOST_BYTES / 2, 100];
        for (id, size) in [(1, much), (2, little), (3, much - little), (4, little)] {
            begin_of(&mut exchanges, id, size);
        }
        assert_eq!(exchanges.resume(1, text("")), None);
        for id in [2, 3, 4] {
            assert!(exchanges.resume(id, text("")).is_some(), "{id}");
            assert!(exchanges.resume(id, text("")).is_some(), "{id}");
        }
        assert_eq!(exchanges.size, 0);
    }
}
