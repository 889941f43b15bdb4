//! Frames as server-sent events, numbered in order; the last of them are kept for a client that comes back.

use super::base64;
use crate::realtime::wire::{Frame, Reader};
use bytes::Bytes;
use serde_json::json;
use std::collections::VecDeque;

/// Events kept for a client that comes back. One that lacks more begins anew, with a diff.
pub(super) const KEPT_BYTES_MAX: usize = 256 << 10;

/// Nothing has been said for a while. Not numbered: whoever comes back does not miss it.
pub(super) const PING: &[u8] = b"event: ping\ndata: {}\n\n";

/// All events of one stream so far: how many there were, and the last of them.
#[derive(Debug)]
pub(super) struct Log {
    /// The stream's name, with which every event's id begins.
    name: String,
    last: u64,
    kept: VecDeque<Bytes>,
    kept_bytes: usize,
}

impl Log {
    pub(super) fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            last: 0,
            kept: VecDeque::new(),
            kept_bytes: 0,
        }
    }

    /// Makes the next event of a frame and keeps it; none of a frame that only WebSockets need.
    pub(super) fn add(&mut self, frame: &Frame) -> Option<Bytes> {
        let (kind, data) = said(frame)?;
        self.last += 1;
        let (name, number) = (&self.name, self.last);
        let event = Bytes::from(format!(
            "id: {name}.{number}\nevent: {kind}\ndata: {data}\n\n"
        ));
        self.kept_bytes += event.len();
        self.kept.push_back(event.clone());
        while self.kept_bytes > KEPT_BYTES_MAX
            && let Some(oldest) = self.kept.pop_front()
        {
            self.kept_bytes -= oldest.len();
        }
        Some(event)
    }

    /// What follows the event of this number; none if not all of it is kept, or no such event was ever made.
    pub(super) fn after(&self, seen: u64) -> Option<impl Iterator<Item = Bytes>> {
        let missed = usize::try_from(self.last.checked_sub(seen)?).ok()?;
        let skipped = self.kept.len().checked_sub(missed)?;
        Some(self.kept.iter().skip(skipped).cloned())
    }

    /// The first event of every response. It has the id of the last event that the client has, and so no number of its own.
    pub(super) fn greeting(&self, seen: u64, is_resumed: bool, taken: u64) -> Bytes {
        let name = &self.name;
        let data = json!({ "t": "stream", "stream": name, "resumed": is_resumed, "taken": taken });
        // For browsers' own EventSource: come back after a second.
        Bytes::from(format!(
            "retry: 1000\nid: {name}.{seen}\nevent: notice\ndata: {data}\n\n"
        ))
    }
}

/// The kind of event that a frame becomes, and its data.
fn said(frame: &Frame) -> Option<(&'static str, String)> {
    if frame.is_close() {
        let (code, payload) = (frame.close_code(), frame.payload());
        let reason = String::from_utf8_lossy(payload.get(2..).unwrap_or_default());
        let data = json!({ "t": "close", "code": code, "reason": reason });
        return Some(("notice", data.to_string()));
    }
    // Neither a ping nor a pong.
    frame.kind()?;
    let message = frame.payload();
    match message[..] {
        [0, 2, ..] => Some(("update", base64::encode(&message))),
        [0, ..] => Some(("sync", base64::encode(&message))),
        [1, ..] => Some(("awareness", base64::encode(&message))),
        _ => Some(("notice", control_text(&message)?)),
    }
}

/// The JSON of a control message, which holds no line end.
fn control_text(message: &Bytes) -> Option<String> {
    let mut at = Reader::new(message);
    at.uint().ok()?;
    String::from_utf8(at.bytes().ok()?.to_vec()).ok()
}

#[cfg(test)]
mod tests {
    use super::{KEPT_BYTES_MAX, Log};
    use crate::realtime::wire::{self, Control, Frame};

    fn check_event(frame: &Frame, expected: Option<&str>) {
        let event = Log::new("x").add(frame);
        let text = event.map(|event| String::from_utf8(event.to_vec()).unwrap());
        assert_eq!(text.as_deref(), expected);
    }

    #[test]
    fn every_frame_has_its_event() {
        for (frame, expected) in [
            (
                wire::step_1(&[0]),
                Some("id: x.1\nevent: sync\ndata: AAABAA==\n\n"),
            ),
            (
                wire::step_2(&[0, 0]),
                Some("id: x.1\nevent: sync\ndata: AAECAAA=\n\n"),
            ),
            (
                wire::update(&[0, 0]),
                Some("id: x.1\nevent: update\ndata: AAICAAA=\n\n"),
            ),
            (
                wire::awareness(&[0]),
                Some("id: x.1\nevent: awareness\ndata: AQEA\n\n"),
            ),
            (
                wire::control(&Control::Saved { frames: 3 }),
                Some("id: x.1\nevent: notice\ndata: {\"t\":\"saved\",\"frames\":3}\n\n"),
            ),
            (
                Frame::close(4422, "gate: \"deep\"\nand more"),
                Some(
                    "id: x.1\nevent: notice\ndata: \
                     {\"code\":4422,\"reason\":\"gate: \\\"deep\\\"\\nand more\",\"t\":\"close\"}\n\n",
                ),
            ),
            (Frame::ping(), None),
            (Frame::pong(b"x"), None),
        ] {
            check_event(&frame, expected);
        }
    }

    /// Adds updates of these sizes; `seen` asks, and the numbers of the events that follow are expected.
    fn check_after(sizes: &[usize], seen: u64, expected: Option<&[u64]>) {
        let mut log = Log::new("x");
        for size in sizes {
            log.add(&wire::update(&vec![0; *size]));
        }
        assert!(log.kept_bytes <= KEPT_BYTES_MAX);
        let numbers: Option<Vec<u64>> = log.after(seen).map(|events| {
            events
                .map(|event| {
                    let text = String::from_utf8(event.to_vec()).unwrap();
                    let id = text.lines().next().unwrap();
                    id.strip_prefix("id: x.").unwrap().parse().unwrap()
                })
                .collect()
        });
        assert_eq!(
            numbers.as_deref(),
            expected,
            "after {seen} of events of {sizes:?} bytes"
        );
    }

    #[test]
    fn who_comes_back_gets_what_follows_or_is_told_that_it_is_too_late() {
        check_after(&[], 0, Some(&[]));
        check_after(&[], 1, None);
        check_after(&[1, 1, 1], 0, Some(&[1, 2, 3]));
        check_after(&[1, 1, 1], 2, Some(&[3]));
        check_after(&[1, 1, 1], 3, Some(&[]));
        check_after(&[1, 1, 1], 4, None);
        check_after(&[1, 1, 1], u64::MAX, None);
        // 100 KiB are 134 KiB of base64: the first of them is no longer kept.
        check_after(&[100 << 10, 50 << 10, 100 << 10], 0, None);
        check_after(&[100 << 10, 50 << 10, 100 << 10], 1, Some(&[2, 3]));
        // One that is larger than all that is kept.
        check_after(&[1, 1 << 20], 1, None);
        check_after(&[1, 1 << 20], 2, Some(&[]));
        check_after(&[1, 1 << 20, 1], 2, Some(&[3]));
    }
}
