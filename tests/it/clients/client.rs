use super::ledger::Ledger;
use crate::kit::{Answer, Api, Capture, Check, Heard, Random, numbered};
use crate::people::{Person, Source as _, rendered};
use bytes::Bytes;
use liveness_events::challenge::Way;
use reqwest::Method;
use serde_json::{Value, json};
use std::cell::RefCell;
use std::rc::Rc;
use std::time::{Duration, Instant};

/// Before the next try, where the service is not there.
const PAUSE: Duration = Duration::from_millis(25);

/// A backend and a person in one, who go on whatever happens.
pub(crate) struct Client {
    number: usize,
    places: Places,
    webhook_url: String,
    ledger: Rc<Ledger>,
    random: Random,
    /// Chooses where a request goes.
    chooser: RefCell<Random>,
    /// Numbers requests and frames, so that no two are the same.
    count: u64,
}

/// Where the service is to be found now: one place for each node. A request goes to any of them.
#[derive(Clone)]
pub(crate) struct Places(Rc<RefCell<Vec<Api>>>);

impl Places {
    pub(crate) fn new(places: impl Into<Vec<Api>>) -> Self {
        Self(Rc::new(RefCell::new(places.into())))
    }

    /// A node was started again, at another place.
    pub(crate) fn put(&self, node: usize, api: Api) {
        self.0.borrow_mut()[node] = api;
    }

    fn any(&self, random: &mut Random) -> Api {
        let places = self.0.borrow();
        places[random.below(places.len() as u64) as usize].clone()
    }
}

/// How an attempt ended.
enum Attempt {
    /// Another may follow.
    Over,
    /// None can: the check is over.
    Ended,
}

impl Client {
    pub(crate) fn new(
        number: usize,
        places: Places,
        webhook_url: String,
        ledger: Rc<Ledger>,
        mut random: Random,
    ) -> Self {
        let chooser = RefCell::new(Random::new(random.next()));
        Self { number, places, webhook_url, ledger, random, chooser, count: 0 }
    }

    fn api(&self) -> Api {
        self.places.any(&mut self.chooser.borrow_mut())
    }

    /// Brings one check after the other to an end.
    pub(crate) async fn live(mut self) {
        while !self.ledger.is_closed() {
            let check = self.create().await;
            match self.random.below(8) {
                0 | 1 => {}
                2 | 3 => {
                    let frames = 1 + self.random.below(6);
                    self.attempt(&check, frames).await;
                }
                4 | 5 => self.fail_thrice(&check).await,
                _ => self.complete(&check).await,
            }
            // The images of some are left to the retention.
            if !self.ledger.is_complete(&check) || self.random.below(2) == 0 {
                self.cancel(&check).await;
            }
        }
    }

    /// Tries a request until it is answered with `status`.
    async fn until(&self, status: u16, request: impl AsyncFn(Api) -> reqwest::Result<Answer>) -> Answer {
        loop {
            match request(self.api()).await {
                Ok(answer) if answer.status == status => return answer,
                Ok(answer) => assert!(answer.status == 503, "{answer:?}"),
                Err(_) => {}
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn create(&mut self) -> Check {
        self.count += 1;
        let key = format!("{}-{}", self.number, self.count);
        let body = json!({ "return_url": "https://example.com/", "webhook_url": self.webhook_url, "audit_images": 1 });
        let post = async |api: Api| api.try_post(&body, Some(&key)).await;
        let check = self.until(201, post).await.check();
        self.ledger.created(&check);
        if self.random.below(4) == 0 {
            assert_eq!(self.until(201, post).await.check(), check, "the same request gives the same check");
        }
        check
    }

    /// What is over stays as it is; what is not is called off.
    async fn cancel(&self, check: &Check) {
        let path = format!("/liveness_check?token={}", check.token);
        self.until(204, async |api| api.send(Method::DELETE, &path).await).await;
        self.ledger.cancelled(check);
    }

    async fn fail_thrice(&mut self, check: &Check) {
        // A kill may come between an attempt and its answer, so it is tried until the check is over.
        while let Attempt::Over = self.attempt(check, 0).await {}
    }

    async fn complete(&mut self, check: &Check) {
        while let Attempt::Over = self.attempt(check, u64::MAX).await {}
    }

    /// One attempt of so many frames, after which the connection is dropped; none at all is something that is no picture.
    async fn attempt(&mut self, check: &Check, frames: u64) -> Attempt {
        let mut capture = match Capture::open(&self.api(), check).await {
            Ok(capture) => capture,
            Err(410) => return Attempt::Ended,
            Err(status) => {
                assert!(matches!(status, 0 | 503), "{status} at the link of {check:?}");
                tokio::time::sleep(PAUSE).await;
                return Attempt::Over;
            }
        };
        capture.start(Way::Motion).await;
        let mut person = Person::new(rendered()).hasty();
        let (begin, mut shown, mut before) = (Instant::now(), 0, capture.hear().await);
        loop {
            if before.kind() != "guide" {
                return self.over(check, &before);
            }
            if shown > 0 && shown >= frames {
                return Attempt::Over;
            }
            let jpeg = if frames == 0 {
                Bytes::from_static(b"no picture")
            } else {
                self.numbered(&person.picture(begin.elapsed(), before.step()))
            };
            capture.show(jpeg.clone()).await;
            shown += 1;
            let heard = capture.hear().await;
            if heard.kind() == "guide" && heard != before {
                self.ledger.frame(check, &jpeg);
            }
            before = heard;
        }
    }

    fn over(&self, check: &Check, heard: &Heard) -> Attempt {
        let Heard::Told(told) = heard else { return Attempt::Over };
        match told["type"].as_str() {
            Some("attempt_failed") => {
                self.ledger.failed(check);
                Attempt::Over
            }
            Some("end") => {
                let end = if told["error"] == Value::Null { &told["outcome"] } else { &told["error"] };
                self.ledger.ended(check, end.as_str().unwrap());
                Attempt::Ended
            }
            // The service is busy.
            _ => Attempt::Over,
        }
    }

    /// The same picture, as no other client shows it.
    fn numbered(&mut self, jpeg: &[u8]) -> Bytes {
        self.count += 1;
        numbered(jpeg, self.number as u64, self.count)
    }
}
