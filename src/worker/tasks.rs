//! Requests being handled, as futures that JavaScript resumes when it has what they wait for.
//!
//! A task runs until it has asked the `Host` for something, and goes on with the [`Outcome`]. So a
//! read is two plain calls into wasm. A promise for each future and a closure for each callback would cost a tenth of
//! its CPU time (docs/decisions/0001-host-interface.md).

use std::cell::Cell;
use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use crate::http::BodyError;
use crate::platform::Fetched;

/// Most tasks that are pending. Beyond, those that wait for a body are evicted first, since clients can hold bodies
/// back for as long as they like, then the oldest. `host.ts` clips what each of them reads to some 8 KiB.
const MAX_PENDING: usize = 4_096;

/// Outcome of an operation of the host.
#[cfg_attr(not(target_arch = "wasm32"), expect(dead_code, reason = "made by the exports"))]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// A statement ran.
    Row {
        /// State of the database that the row is from.
        bookmark: Option<String>,
        /// First row of the result, in JSON.
        row: Option<String>,
    },
    /// The body of the request, or why there is none.
    Body(Result<Vec<u8>, BodyError>),
    /// Text of a static asset.
    Asset(String),
    /// `true` if the request is within the limit; `None` if the limiter is not bound.
    RateLimit(Option<bool>),
    /// A request to another server is under way, or a mail is sent.
    Sent,
    /// Another server responded.
    Fetched(Fetched),
    /// Bytes were encrypted or decrypted; `None` if they could not be.
    Bytes(Option<Vec<u8>>),
    /// A signature was verified; `true` if it is good.
    Verdict(bool),
    /// The response is on its way.
    Responded,
    /// The operation failed; why, for the log.
    Failed(String),
}

/// Place where a task finds the outcome of its operation.
#[derive(Default)]
pub struct Slot {
    outcome: Cell<Option<Outcome>>,
    is_for_body: Cell<bool>,
}

impl Slot {
    /// Waits for the outcome of the operation that the host was asked for.
    pub async fn wait(&self) -> Outcome {
        poll_fn(|_| self.outcome.take().map_or(Poll::Pending, Poll::Ready)).await
    }

    /// Waits for the body of the request.
    pub async fn wait_for_body(&self) -> Outcome {
        self.is_for_body.set(true);
        let outcome = self.wait().await;
        self.is_for_body.set(false);
        outcome
    }
}

struct Task {
    id: u32,
    slot: Rc<Slot>,
    work: Pin<Box<dyn Future<Output = ()>>>,
}

/// Pending tasks, oldest first.
#[derive(Default)]
pub struct Tasks(VecDeque<Task>);

impl Tasks {
    /// Starts a task under a number that no other has.
    pub fn start(&mut self, id: u32, slot: Rc<Slot>, work: impl Future<Output = ()> + 'static) {
        self.poll(Task { id, slot, work: Box::pin(work) });
    }

    /// Resumes a task, and says whether there is such a task.
    pub fn resume(&mut self, id: u32, outcome: Outcome) -> bool {
        let Some(task) = self.take(id) else { return false };
        task.slot.outcome.set(Some(outcome));
        self.poll(task);
        true
    }

    /// Drops a task, if it is pending.
    pub fn abandon(&mut self, id: u32) {
        self.take(id);
    }

    fn take(&mut self, id: u32) -> Option<Task> {
        let position = self.0.iter().position(|task| task.id == id)?;
        self.0.remove(position)
    }

    fn poll(&mut self, mut task: Task) {
        // Nothing wakes it: who polls knows when.
        if task.work.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready() {
            return;
        }
        self.0.push_back(task);
        if self.0.len() > MAX_PENDING {
            let for_body = self.0.iter().position(|task| task.slot.is_for_body.get());
            self.0.remove(for_body.unwrap_or_default());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    /// Steps of the tasks of a test, in their order.
    type Log = Rc<RefCell<Vec<String>>>;

    fn start(tasks: &mut Tasks, id: u32, log: &Log) {
        let (slot, log) = (Rc::<Slot>::default(), Rc::clone(log));
        tasks.start(id, Rc::clone(&slot), async move {
            log.borrow_mut().push(format!("{id} starts"));
            let first = slot.wait().await;
            log.borrow_mut().push(format!("{id} has {first:?}"));
            let second = slot.wait().await;
            log.borrow_mut().push(format!("{id} ends with {second:?}"));
        });
    }

    fn start_with_body(tasks: &mut Tasks, id: u32) {
        let slot = Rc::<Slot>::default();
        tasks.start(id, Rc::clone(&slot), async move {
            slot.wait_for_body().await;
            slot.wait().await;
        });
    }

    fn body() -> Outcome {
        Outcome::Body(Ok(Vec::new()))
    }

    #[test]
    fn each_task_goes_on_with_its_outcomes() {
        let (mut tasks, log) = (Tasks::default(), Log::default());
        start(&mut tasks, 1, &log);
        start(&mut tasks, 2, &log);
        assert!(tasks.resume(2, Outcome::Responded));
        assert!(tasks.resume(1, Outcome::RateLimit(None)));
        assert!(tasks.resume(2, Outcome::Body(Err(BodyError::TooLarge))));
        assert!(tasks.resume(1, Outcome::Failed("x".to_owned())));
        for id in [1, 2, 3] {
            assert!(!tasks.resume(id, Outcome::Responded), "{id}");
        }
        assert_eq!(
            *log.borrow(),
            [
                "1 starts",
                "2 starts",
                "2 has Responded",
                "1 has RateLimit(None)",
                "2 ends with Body(Err(TooLarge))",
                "1 ends with Failed(\"x\")",
            ]
        );
    }

    #[test]
    fn a_task_that_waits_for_nothing_is_not_kept() {
        let mut tasks = Tasks::default();
        tasks.start(1, Rc::default(), async {});
        assert!(!tasks.resume(1, Outcome::Responded));
    }

    #[test]
    fn the_oldest_are_evicted() {
        let (mut tasks, log) = (Tasks::default(), Log::default());
        for id in 0..=MAX_PENDING as u32 {
            start(&mut tasks, id, &log);
        }
        assert!(!tasks.resume(0, Outcome::Responded));
        assert!(tasks.resume(1, Outcome::Responded));
        // It goes behind the others when it waits again.
        start(&mut tasks, 1_000_000, &log);
        assert!(!tasks.resume(2, Outcome::Responded));
        assert!(tasks.resume(1, Outcome::Responded));
    }

    #[test]
    fn those_that_wait_for_a_body_are_evicted_first() {
        let (mut tasks, log) = (Tasks::default(), Log::default());
        start(&mut tasks, 0, &log);
        for id in 1..MAX_PENDING as u32 {
            start_with_body(&mut tasks, id);
        }
        // Whose body has arrived waits for the database, as any other.
        for id in 1..MAX_PENDING as u32 - 100 {
            assert!(tasks.resume(id, body()), "{id}");
        }
        for id in 0..100 {
            start(&mut tasks, 1_000_000 + id, &log);
        }
        for id in [0, 1, MAX_PENDING as u32 - 101, 1_000_000, 1_000_099] {
            assert!(tasks.resume(id, Outcome::Responded), "{id}");
        }
        for id in MAX_PENDING as u32 - 100..MAX_PENDING as u32 {
            assert!(!tasks.resume(id, body()), "{id}");
        }
    }

    #[test]
    fn an_abandoned_task_is_gone() {
        let (mut tasks, log) = (Tasks::default(), Log::default());
        start(&mut tasks, 1, &log);
        tasks.abandon(1);
        tasks.abandon(2);
        assert!(!tasks.resume(1, Outcome::Responded));
    }
}
