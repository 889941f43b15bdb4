//! What waits to be said to one node.

use std::collections::VecDeque;

use bytes::Bytes;
use parking_lot::Mutex;
use tokio::sync::Notify;

/// Messages past this are dropped: whoever should have heard them sees the gap and reads the store.
const BYTES_MAX: usize = 4 << 20;
const COUNT_MAX: usize = 16_384;
/// What is wanted cannot be dropped. A connection on which so much of it waits is opened anew, and says all of it at once.
const WANTS_MAX: usize = 65_536;

#[derive(Debug, Default)]
pub(super) struct Queue {
    waiting: Mutex<Waiting>,
    came: Notify,
}

#[derive(Debug, Default)]
struct Waiting {
    frames: VecDeque<Bytes>,
    bytes: usize,
    is_over: bool,
}

impl Queue {
    /// False if there is no room.
    pub(super) fn push(&self, frame: Bytes) -> bool {
        let mut waiting = self.waiting.lock();
        let bytes = waiting.bytes + frame.len();
        if bytes > BYTES_MAX || waiting.frames.len() >= COUNT_MAX || waiting.is_over {
            return false;
        }
        waiting.bytes = bytes;
        waiting.frames.push_back(frame);
        drop(waiting);
        self.came.notify_one();
        true
    }

    pub(super) fn push_wants(&self, frame: Bytes) {
        let mut waiting = self.waiting.lock();
        if waiting.frames.len() >= WANTS_MAX {
            waiting.is_over = true;
        } else {
            waiting.bytes += frame.len();
            waiting.frames.push_back(frame);
        }
        drop(waiting);
        self.came.notify_one();
    }

    /// The next that leave together; `None` when nothing may be said any more.
    pub(super) async fn next(&self, bytes_max: usize) -> Option<Vec<Bytes>> {
        loop {
            let came = self.came.notified();
            {
                let mut waiting = self.waiting.lock();
                if waiting.is_over {
                    return None;
                }
                let mut taken = Vec::new();
                let mut bytes = 0;
                while bytes < bytes_max
                    && let Some(frame) = waiting.frames.pop_front()
                {
                    bytes += frame.len();
                    taken.push(frame);
                }
                waiting.bytes -= bytes;
                if !taken.is_empty() {
                    return Some(taken);
                }
            }
            came.await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{BYTES_MAX, Queue};
    use bytes::Bytes;

    #[tokio::test]
    async fn what_has_no_room_is_dropped_and_what_is_wanted_never() {
        let queue = Queue::default();
        let half = Bytes::from(vec![1; BYTES_MAX / 2]);
        assert!(queue.push(half.clone()) && queue.push(half.clone()));
        assert!(!queue.push(Bytes::from_static(b"one more")));
        queue.push_wants(Bytes::from_static(b"wants"));
        let taken = queue.next(usize::MAX).await.expect("it goes on");
        assert_eq!(taken, [half.clone(), half, Bytes::from_static(b"wants")]);
        assert!(queue.push(Bytes::from_static(b"room again")));
        assert_eq!(queue.next(1).await.expect("it goes on").len(), 1);
    }
}
