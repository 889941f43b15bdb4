//! Pictures that people bring: looked at, decoded within bounds, and written anew.
//!
//! What is kept is never what was sent. The type is told by the content; the header is read before anything is decoded; a
//! picture of sane size is decoded, turned the way its EXIF says, its colours made sRGB, and encoded again, by which everything goes that is no
//! pixel: EXIF with its places, profiles, comments, what was hung behind the picture. Of moving pictures the first frame
//! is kept. Decoding happens off the request path, a few pictures at once.

mod color;
mod decode;
mod encode;
mod raster;
#[cfg(test)]
pub(crate) mod samples;
#[cfg(test)]
mod tests;

pub(crate) use encode::{AVATAR_SIDES, Form, png, webp};
pub(crate) use raster::raster;

use crate::auth::{Caller, Network};
use crate::http::places::{Place, Places, Shares};
use crate::http::problem::{Code, Problem};
use crate::metrics::Metrics;
use image::DynamicImage;
use std::sync::Arc;
use std::thread::available_parallelism;
use tokio::sync::Semaphore;

/// Pictures worked on at once: one may take half a gigabyte while it is.
const AT_ONCE_MAX: usize = 2;
/// Requests that bring one at once, from the first byte of the body on. Beyond that they are told to come back.
const UNDER_WAY: Shares = Shares {
    all: 8,
    // A page sends two at once.
    person: 3,
    network: 6,
};

/// Why a picture is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refused {
    #[error("it is none of PNG, JPEG, GIF and WebP")]
    Type,
    #[error("it has more than {max} pixels")]
    TooManyPixels { max: u64 },
    #[error("it has a side of more than {max} pixels")]
    TooLong { max: u32 },
    #[error("it cannot be read as the picture it says it is")]
    Broken,
}

impl Refused {
    fn word(self) -> &'static str {
        match self {
            Refused::Type => "type",
            Refused::TooManyPixels { .. } | Refused::TooLong { .. } => "too-large",
            Refused::Broken => "broken",
        }
    }
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Problem {
        let code = match refused {
            Refused::Type => Code::UnsupportedMediaType,
            Refused::TooManyPixels { .. } | Refused::TooLong { .. } => Code::ImageTooLarge,
            Refused::Broken => Code::ImageBroken,
        };
        Problem::new(code).detail(format!("the picture is not taken: {refused}"))
    }
}

/// A picture for a board.
pub(crate) struct Picture {
    /// In its original format and full size.
    pub(crate) full: Form,
    /// For the page.
    pub(crate) web: Form,
    pub(crate) blurhash: String,
}

/// Of what is sent. What becomes of a picture of oneself is small in any case.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PixelsMax {
    pub(crate) board: u64,
    pub(crate) avatar: u64,
}

pub(crate) struct Images {
    places: Places,
    turns: Arc<Semaphore>,
    pixels_max: PixelsMax,
    metrics: Arc<Metrics>,
}

impl Images {
    pub(crate) fn new(pixels_max: PixelsMax, metrics: Arc<Metrics>) -> Images {
        let cores = available_parallelism().map_or(1, usize::from);
        Images {
            places: Places::new(UNDER_WAY),
            turns: Arc::new(Semaphore::new((cores / 2).clamp(1, AT_ONCE_MAX))),
            pixels_max,
            metrics,
        }
    }

    /// To be held from before the body is read until the picture is kept.
    pub(crate) fn place(&self, caller: &Caller, network: Network) -> Result<Place, Problem> {
        let place = self.places.take(caller, network);
        place.ok_or_else(|| Problem::new(Code::Busy).detail("too many pictures are under way"))
    }

    pub(crate) async fn for_board(&self, sent: bytes::Bytes) -> Result<Picture, Problem> {
        self.work(sent, self.pixels_max.board, |image, format| {
            Some(Picture {
                full: encode::full(&image, format)?,
                web: encode::web(&image)?,
                blurhash: encode::blurhash(&image)?,
            })
        })
        .await
    }

    /// In each size, ascending, first as WebP and then as PNG.
    pub(crate) async fn for_avatar(&self, sent: bytes::Bytes) -> Result<Vec<[Form; 2]>, Problem> {
        let pixels_max = self.pixels_max.avatar.min(self.pixels_max.board);
        self.work(sent, pixels_max, |image, _| encode::avatar(&image))
            .await
    }

    async fn work<T: Send + 'static>(
        &self,
        sent: bytes::Bytes,
        pixels_max: u64,
        make: impl FnOnce(DynamicImage, decode::Format) -> Option<T> + Send + 'static,
    ) -> Result<T, Problem> {
        let turn = self.turns.clone().acquire_owned().await;
        let turn = turn.map_err(|_| Code::Internal)?;
        let timer = self.metrics.image_work.start_timer();
        let worked = tokio::task::spawn_blocking(move || {
            // Given back when the work is done, whether or not anybody still waits.
            let _turn = turn;
            let (image, format) = decode::decode(&sent, pixels_max)?;
            drop(sent);
            make(image, format).ok_or(Refused::Broken)
        });
        // A decoder that panicked has been logged, and met a picture it cannot read.
        let worked = worked.await.unwrap_or(Err(Refused::Broken));
        match worked {
            Ok(made) => {
                timer.observe_duration();
                Ok(made)
            }
            Err(refused) => {
                timer.stop_and_discard();
                let refusals = &self.metrics.images_refused;
                refusals.with_label_values(&[refused.word()]).inc();
                Err(refused.into())
            }
        }
    }
}
