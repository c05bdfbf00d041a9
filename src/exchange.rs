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

use crate::http::BodyError;

/// The most exchanges that wait. Beyond, those that wait for a body are given up first, since clients can hold bodies
/// back for as long as they like, then the oldest. `edge.js` clips what each of them holds to some 8 KiB.
const MOST_WAITING: usize = 4_096;

/// What an exchange is given for a wish.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Given {
    /// A text.
    Text(String),
    /// A body, or why there is none.
    Body(Result<Vec<u8>, BodyError>),
    /// It could not be had; why, for the log.
    Failed(String),
}

/// Where an exchange leaves its wish and finds what it is given.
#[derive(Default)]
pub struct Mailbox {
    wish: Cell<Option<String>>,
    is_for_body: Cell<bool>,
    given: Cell<Option<Given>>,
}

impl Mailbox {
    /// Wishes for something, and waits for it.
    pub async fn ask(&self, wish: String) -> Given {
        self.wish.set(Some(wish));
        poll_fn(|_| self.given.take().map_or(Poll::Pending, Poll::Ready)).await
    }

    /// Wishes for the body of the request, and waits for it.
    pub async fn ask_for_body(&self, wish: String) -> Given {
        self.is_for_body.set(true);
        let given = self.ask(wish).await;
        self.is_for_body.set(false);
        given
    }
}

struct Exchange {
    id: u32,
    mailbox: Rc<Mailbox>,
    work: Pin<Box<dyn Future<Output = String>>>,
}

/// The exchanges that wait, oldest first.
#[derive(Default)]
pub struct Exchanges {
    waiting: VecDeque<Exchange>,
}

impl Exchanges {
    /// Begins an exchange under a number that no other has. Its first wish or its result.
    pub fn begin(
        &mut self,
        id: u32,
        mailbox: Rc<Mailbox>,
        work: impl Future<Output = String> + 'static,
    ) -> String {
        self.go_on(Exchange { id, mailbox, work: Box::pin(work) })
    }

    /// Gives an exchange what it wished for. Its next wish or its result; nothing if there is no such exchange.
    pub fn resume(&mut self, id: u32, given: Given) -> Option<String> {
        let exchange = self.take(id)?;
        exchange.mailbox.given.set(Some(given));
        Some(self.go_on(exchange))
    }

    /// Drops an exchange, if it waits.
    pub fn abandon(&mut self, id: u32) {
        self.take(id);
    }

    fn take(&mut self, id: u32) -> Option<Exchange> {
        let position = self.waiting.iter().position(|exchange| exchange.id == id)?;
        self.waiting.remove(position)
    }

    fn go_on(&mut self, mut exchange: Exchange) -> String {
        // Nothing wakes it: who polls knows when.
        if let Poll::Ready(result) = exchange.work.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return result;
        }
        let wish = exchange.mailbox.wish.take().unwrap_or_default();
        self.waiting.push_back(exchange);
        if self.waiting.len() > MOST_WAITING {
            let for_body = self.waiting.iter().position(|exchange| exchange.mailbox.is_for_body.get());
            self.waiting.remove(for_body.unwrap_or_default());
        }
        wish
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn begin(exchanges: &mut Exchanges, id: u32) -> String {
        let mailbox = Rc::new(Mailbox::default());
        exchanges.begin(id, Rc::clone(&mailbox), async move {
            let first = mailbox.ask(format!("first of {id}")).await;
            let second = mailbox.ask(format!("second after {first:?}")).await;
            format!("{id}: {second:?}")
        })
    }

    fn begin_with_body(exchanges: &mut Exchanges, id: u32) {
        let mailbox = Rc::new(Mailbox::default());
        exchanges.begin(id, Rc::clone(&mailbox), async move {
            mailbox.ask_for_body("body".to_owned()).await;
            mailbox.ask("row".to_owned()).await;
            String::new()
        });
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
        let none = Given::Body(Err(BodyError::TooLarge));
        assert_eq!(exchanges.resume(1, none).unwrap(), "second after Body(Err(TooLarge))");
        assert_eq!(exchanges.resume(2, Given::Body(Ok(vec![0]))).unwrap(), "2: Body(Ok([0]))");
        assert_eq!(exchanges.resume(1, text("")).unwrap(), r#"1: Text("")"#);
        for id in [1, 2, 3] {
            assert_eq!(exchanges.resume(id, text("")), None, "{id}");
        }
    }

    #[test]
    fn a_result_needs_no_wish() {
        let mut exchanges = Exchanges::default();
        assert_eq!(exchanges.begin(1, Rc::default(), async { "at once".to_owned() }), "at once");
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
    fn those_that_wait_for_a_body_are_given_up_first() {
        let mut exchanges = Exchanges::default();
        let body = || Given::Body(Ok(Vec::new()));
        begin(&mut exchanges, 0);
        for id in 1..MOST_WAITING as u32 {
            begin_with_body(&mut exchanges, id);
        }
        // Whose body has arrived waits for the database, as any other.
        for id in 1..MOST_WAITING as u32 - 100 {
            assert_eq!(exchanges.resume(id, body()).unwrap(), "row");
        }
        for id in 0..100 {
            begin(&mut exchanges, 1_000_000 + id);
        }
        for id in [0, 1, MOST_WAITING as u32 - 101, 1_000_000, 1_000_099] {
            assert!(exchanges.resume(id, text("")).is_some(), "{id}");
        }
        for id in MOST_WAITING as u32 - 100..MOST_WAITING as u32 {
            assert_eq!(exchanges.resume(id, body()), None, "{id}");
        }
    }

    #[test]
    fn an_abandoned_exchange_is_gone() {
        let mut exchanges = Exchanges::default();
        begin(&mut exchanges, 1);
        exchanges.abandon(1);
        exchanges.abandon(2);
        assert_eq!(exchanges.resume(1, text("")), None);
        assert!(exchanges.waiting.is_empty());
    }
}
