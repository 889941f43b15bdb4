//! Who may do what on a board: what is given, taken away and runs out, and what is left of it.

mod activity;
mod assets;
mod boards;
mod cards;
mod invitations;
mod links;
mod members;
mod rights;

use crate::world::{World, client, email, password, secret, session_id, user};
use easel_storage::names::SecretHash;
use easel_storage::sharing::{
    AssetForm, AssetView, ImageRow, LinkChange, Role, SharingAnswer, SharingCommand, SharingQuery,
};
use easel_storage::{AssetId, BoardId, InvitationId, LinkId, Time};

const BOARD: BoardId = BoardId::from_bytes([1; 16]);

/// Person 1 owns a board; the others are there.
fn shared(people: u8) -> World {
    let mut world = World::with_people(people);
    world.create(1, BOARD);
    world
}

fn link_id(n: u8) -> LinkId {
    LinkId::from_bytes([n; 16])
}

fn invitation_id(n: u8) -> InvitationId {
    InvitationId::from_bytes([n; 16])
}

/// Ids and secrets beyond those of one byte.
fn wide(n: usize) -> [u8; 16] {
    (n as u128 + (1 << 100)).to_be_bytes()
}

fn wide_secret(n: usize) -> SecretHash {
    SecretHash::from_bytes([wide(n), wide(n)].concat().try_into().unwrap())
}

fn new_link(n: u8, expires_at: Option<u64>, uses_max: Option<u32>) -> SharingCommand {
    SharingCommand::CreateLink {
        board: BOARD,
        link: link_id(n),
        hash: secret(n),
        role: Role::Editor,
        label: None,
        password: Some(password("first")),
        expires_at: expires_at.map(Time),
        uses_max,
    }
}

fn open(link: u8, session: u8) -> SharingCommand {
    SharingCommand::OpenLink {
        board: BOARD,
        link: link_id(link),
        session: session_id(session),
        client: client(),
        ends_at: Time(10_000_000),
    }
}

fn change_link(change: LinkChange) -> SharingCommand {
    SharingCommand::ChangeLink {
        board: BOARD,
        link: link_id(1),
        change,
        if_rev: None,
    }
}

fn invite(n: u8, to: Option<u8>, role: Role, expires_at: u64) -> SharingCommand {
    SharingCommand::CreateInvitation {
        board: BOARD,
        invitation: invitation_id(n),
        hash: secret(n),
        email: to.map(email),
        role,
        message: None,
        expires_at: Time(expires_at),
    }
}

fn accept(n: u8, by: u8) -> SharingCommand {
    SharingCommand::AcceptInvitation {
        board: BOARD,
        invitation: invitation_id(n),
        user: user(by),
    }
}

fn asset_id(n: u8) -> AssetId {
    AssetId::from_bytes([n; 16])
}

fn form(content: u8) -> AssetForm {
    AssetForm {
        name: "full".to_owned(),
        hash: [content; 32],
        len: 1,
        media: "image/png".to_owned(),
        width: 1,
        height: 1,
    }
}

fn image() -> ImageRow {
    ImageRow {
        sums: vec![[3; 32]],
        blurhash: "L".to_owned(),
    }
}

fn add_image(board: BoardId, asset: u8, content: u8) -> SharingCommand {
    SharingCommand::AddImage {
        board,
        asset: asset_id(asset),
        forms: vec![form(content)],
        image: image(),
    }
}

impl World {
    fn asset(&self, n: u8) -> Option<AssetView> {
        match self.ask_sharing(SharingQuery::Asset(asset_id(n))) {
            SharingAnswer::Asset(view) => view,
            other => panic!("{other:?}"),
        }
    }

    fn assets(&self, board: BoardId) -> Vec<AssetId> {
        match self.ask_sharing(SharingQuery::Assets(board)) {
            SharingAnswer::Assets(views) => views.into_iter().map(|view| view.id).collect(),
            other => panic!("{other:?}"),
        }
    }
}
