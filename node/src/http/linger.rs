//! The rest of a body that was refused before its end.
//!
//! A socket that is closed while something unread lies in it is reset, and then the client may never see the answer that
//! says why. So what is still on its way is read and thrown away, for a short while.

use axum::body::Body;
use axum::extract::Request;
use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::{Body as HttpBody, Frame, SizeHint};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::runtime::Handle;

const LINGER_MAX: Duration = Duration::from_secs(2);
const BYTES_MAX: usize = 32 << 20;

/// From here on the request's body may be dropped at any point.
pub(super) fn wrap(request: Request) -> Request {
    match request.body().is_end_stream() {
        true => request,
        false => request.map(|body| Body::new(Lingering(Some(body)))),
    }
}

struct Lingering(Option<Body>);

impl HttpBody for Lingering {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let Some(body) = self.0.as_mut() else {
            return Poll::Ready(None);
        };
        let polled = Pin::new(body).poll_frame(cx);
        if matches!(polled, Poll::Ready(None | Some(Err(_)))) {
            self.0 = None;
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.0.as_ref().is_none_or(HttpBody::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.0
            .as_ref()
            .map_or_else(|| SizeHint::with_exact(0), HttpBody::size_hint)
    }
}

impl Drop for Lingering {
    fn drop(&mut self) {
        if let Some(body) = self.0.take()
            && !body.is_end_stream()
            && let Ok(runtime) = Handle::try_current()
        {
            runtime.spawn(tokio::time::timeout(LINGER_MAX, read_away(body)));
        }
    }
}

async fn read_away(mut body: Body) {
    let mut read = 0;
    while let Some(Ok(frame)) = body.frame().await
        && read < BYTES_MAX
    {
        read += frame.data_ref().map_or(0, Bytes::len);
    }
}
