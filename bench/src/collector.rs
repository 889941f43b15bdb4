//! A client that keeps what it is sent, to be looked at when nothing is measured any more.

use crate::board::{self, END};
use crate::client::{Client, Message, Options, Target};
use crate::update::Finder;
use anyhow::{Result, ensure};
use std::cell::{Cell, Ref, RefCell};
use std::collections::BTreeSet;
use std::rc::Rc;
use std::time::{Duration, Instant};

#[derive(Debug)]
pub(crate) struct Collector {
    pub(crate) client: Rc<Client>,
    updates: Rc<RefCell<Vec<Vec<u8>>>>,
    /// How often it was told all that it lacked.
    answers: Rc<Cell<usize>>,
    /// From before it connected until it had what it waited for.
    pub(crate) wall: Duration,
}

impl Collector {
    /// Waits until the server says that it has sent what there is.
    pub(crate) async fn ask(target: &Target, options: Options) -> Result<Self> {
        Self::wait(target, options, |_| true).await
    }

    /// Waits for the last element of a board as well: some servers send what they stored after they say they are done.
    pub(crate) async fn join(target: &Target) -> Result<Self> {
        Self::wait(target, Options::default(), Cell::get).await
    }

    async fn wait(
        target: &Target,
        options: Options,
        holds: impl Fn(&Cell<bool>) -> bool,
    ) -> Result<Self> {
        let updates = Rc::new(RefCell::new(Vec::new()));
        let ended = Rc::new(Cell::new(false));
        let answers = Rc::new(Cell::new(0));
        let (kept, end, answered) = (updates.clone(), ended.clone(), answers.clone());
        let begun = Instant::now();
        let client = Client::connect(target, options, move |_, _, message| {
            if let Message::Step2(update) | Message::Update(update) = message {
                kept.borrow_mut().push(update.to_vec());
            }
            if let Message::Step2(_) = message {
                answered.set(answered.get() + 1);
            }
            if brings_the_end(message) {
                end.set(true);
            }
        })
        .await?;
        client.hello();
        client
            .until("the whole document", || client.is_synced() && holds(&ended))
            .await?;
        Ok(Self {
            client,
            updates,
            answers,
            wall: begun.elapsed(),
        })
    }

    pub(crate) fn updates(&self) -> Ref<'_, Vec<Vec<u8>>> {
        self.updates.borrow()
    }

    pub(crate) fn answers(&self) -> usize {
        self.answers.get()
    }

    pub(crate) fn received_bytes(&self) -> usize {
        self.updates.borrow().iter().map(Vec::len).sum()
    }

    /// The ids of the elements that it was sent.
    pub(crate) fn elements(&self) -> Result<BTreeSet<String>> {
        board::elements(self.updates().iter().map(Vec::as_slice))
    }

    /// Whether it was sent a board of so many elements.
    pub(crate) fn check(&self, elements: usize) -> Result<()> {
        let found = self.elements()?.len();
        ensure!(
            found == elements,
            "a client got {found} of {elements} elements"
        );
        Ok(())
    }
}

/// Whether the last element of a board is in it.
pub(crate) fn brings_the_end(message: Message<'_>) -> bool {
    let mut found = false;
    if let Message::Step2(update) | Message::Update(update) = message {
        Finder::default().each(update, |marker| found |= marker.writer == END);
    }
    found
}

/// Draws a board of so many elements and waits until another client has it, and the server's word that it is saved
/// where it gives one. Returns a client that holds the board open.
pub(crate) async fn fill(target: &Target, elements: usize) -> Result<Rc<Client>> {
    let ended = Rc::new(Cell::new(false));
    let end = ended.clone();
    let holder = Client::join(target, move |_, _, message| {
        if brings_the_end(message) {
            end.set(true);
        }
    })
    .await?;
    let writer = Client::join(target, |_, _, _| {}).await?;
    for update in board::updates(elements) {
        writer.send_update(&update);
    }
    holder
        .until("the board that is drawn", || ended.get())
        .await?;
    if writer.says_what_is_saved() {
        writer
            .until("its word that all is saved", || {
                writer.saved_frames() == writer.sync_frames()
            })
            .await?;
    }
    writer.leave().await;
    Ok(holder)
}
