//! Where the agents leave the answers that the upstream is to give.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Mutex, PoisonError},
};

use bytes::Bytes;

use super::answer::Answer;

/// A request that is sent again, byte for byte, is given the next answer that was left for it.
#[derive(Debug, Default)]
pub struct Desk {
    answers: Mutex<HashMap<(String, Bytes), VecDeque<Answer>>>,
}

impl Desk {
    /// Leaves the answer to a request for `path` (with its query).
    pub fn leave(&self, path: &str, body: Bytes, answer: Answer) {
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        answers.entry((path.to_owned(), body)).or_default().push_back(answer);
    }

    /// Takes it away. `None`: nobody has asked that, or a byte was changed on the way.
    pub fn take(&self, path: &str, body: Bytes) -> Option<Answer> {
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        answers.get_mut(&(path.to_owned(), body))?.pop_front()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_given_in_order_and_only_for_the_very_same_request() {
        let desk = Desk::default();
        let body = Bytes::from_static(b"{}");
        desk.leave("/a", body.clone(), Answer::overloaded("req_1"));
        desk.leave(
            "/a",
            body.clone(),
            Answer::json(&serde_json::json!({"input_tokens": 1}), "req_2"),
        );
        assert!(desk.take("/b", body.clone()).is_none());
        assert!(desk.take("/a", Bytes::from_static(b"{ }")).is_none());
        assert_eq!(desk.take("/a", body.clone()).map(|answer| answer.status), Some(529));
        assert_eq!(desk.take("/a", body.clone()).map(|answer| answer.status), Some(200));
        assert!(desk.take("/a", body).is_none());
    }
}
