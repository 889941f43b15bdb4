//! What can be asked about boards as a person sees them.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::head::BoardHead;
use super::records::{
    AccessRequestRow, AccessRow, ActivityOfUser, ActivityRow, AssetOfBoard, AssetRow, BoardOfAsset,
    BoardOfUser, EventNo, Favourite, ImageRow, InvitationBySecret, InvitationRow, LinkBySecret,
    LinkRow, MemberRow, Opened, Role, WorkspaceBoard,
};
use crate::command::Actor;
use crate::ids::{AssetId, BoardId, InvitationId, LinkId, Time, UserId};
use crate::names::SecretHash;
use crate::people::{UserRow, UserView};
use crate::query::page_rows;
use crate::records::BoardRecord;
use crate::rows::{ReadRows, Single};
use crate::tx::{Fault, ReadTx};

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SharingQuery {
    /// The board, its policy, and what this person is there.
    Board {
        board: BoardId,
        user: Option<UserId>,
    },
    Cards(CardsQuery),
    Members(BoardId),
    Links(BoardId),
    Link(BoardId, LinkId),
    LinkBySecret(SecretHash),
    Invitations(BoardId),
    InvitationBySecret(SecretHash),
    Requests(BoardId),
    Activity(ActivityQuery),
    Asset(AssetId),
    Assets(BoardId),
    /// Whether two people are members of one board.
    ShareABoard(UserId, UserId),
    /// Every board that this person may see.
    BoardsOf(UserId),
}

impl SharingQuery {
    pub(crate) fn is_small(&self) -> bool {
        match self {
            Self::Board { .. }
            | Self::Link(..)
            | Self::LinkBySecret(_)
            | Self::InvitationBySecret(_)
            | Self::Asset(_) => true,
            Self::Cards(_)
            | Self::Members(_)
            | Self::Links(_)
            | Self::Invitations(_)
            | Self::Requests(_)
            | Self::Activity(_)
            | Self::Assets(_)
            | Self::ShareABoard(..)
            | Self::BoardsOf(_) => false,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SharingAnswer {
    Board(Option<BoardView>),
    Cards(CardPage),
    Members(Vec<MemberView>),
    Links(Vec<LinkView>),
    Link(Option<LinkView>),
    Invitations(Vec<InvitationView>),
    Invitation(Option<InvitationView>),
    Requests(Vec<RequestView>),
    Activity(ActivityPage),
    Asset(Option<AssetView>),
    Assets(Vec<AssetView>),
    ShareABoard(bool),
    BoardsOf(Vec<BoardId>),
}

/// A board as one person meets it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BoardView {
    pub board: BoardRecord,
    /// `None`: a board of a time before accounts, that nobody owns yet.
    pub policy: Option<AccessRow>,
    /// What the person is by membership.
    pub member: Option<Role>,
    /// What they may: by membership, or because everybody with an account may.
    pub role: Option<Role>,
    pub starred: bool,
}

/// A file with the boards that have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssetView {
    pub id: AssetId,
    pub row: AssetRow,
    /// `None`: it is no picture.
    pub image: Option<ImageRow>,
    pub boards: Vec<BoardId>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CardsQuery {
    pub user: UserId,
    pub filter: CardFilter,
    pub text: Option<String>,
    pub sort: CardSort,
    pub after: Option<CardCursor>,
    pub limit: u32,
}

/// Which of the boards that a person may see.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CardFilter {
    pub trashed: bool,
    /// `None`: archived or not.
    pub archived: Option<bool>,
    pub starred: bool,
    pub owner: Option<UserId>,
    pub mine: Mine,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Mine {
    #[default]
    Any,
    /// Boards the person owns.
    Owned,
    /// Boards somebody else owns and made the person a member of.
    Shared,
    /// Boards the person opened lately.
    Opened,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum CardSort {
    UpdatedDesc,
    UpdatedAsc,
    CreatedDesc,
    Title,
    OpenedDesc,
}

/// The place of a card in a list: what it is sorted by, then its id.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum CardCursor {
    Latest(Reverse<Time>, BoardId),
    Earliest(Time, BoardId),
    Title(String, BoardId),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BoardCard {
    pub board: BoardRecord,
    pub role: Role,
    pub starred: bool,
    pub archived_at: Option<Time>,
    pub owner: Option<UserId>,
    pub owner_name: Option<String>,
    pub opened_at: Option<Time>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CardPage {
    pub cards: Vec<BoardCard>,
    pub next: Option<CardCursor>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberView {
    pub user: UserView,
    pub row: MemberRow,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkView {
    pub board: BoardId,
    pub link: LinkId,
    pub row: LinkRow,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvitationView {
    pub board: BoardId,
    pub invitation: InvitationId,
    pub row: InvitationRow,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestView {
    pub user: UserView,
    pub row: AccessRequestRow,
}

/// Whose or which activity, latest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ActivityQuery {
    pub of: ActivityOf,
    /// Only this person's.
    pub by: Option<UserId>,
    pub since: Option<Time>,
    pub after: Option<EventNo>,
    pub limit: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ActivityOf {
    Board(BoardId),
    User(UserId),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActivityView {
    pub no: EventNo,
    pub board: BoardId,
    pub row: ActivityRow,
    /// The person's name as it is now.
    pub name: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActivityPage {
    pub lines: Vec<ActivityView>,
    pub next: Option<EventNo>,
}

pub(crate) fn answer(tx: &dyn ReadTx, query: &SharingQuery) -> Result<SharingAnswer, Fault> {
    Ok(match query {
        SharingQuery::Board { board, user } => SharingAnswer::Board(board_view(tx, *board, *user)?),
        SharingQuery::Cards(query) => SharingAnswer::Cards(list_cards(tx, query)?),
        SharingQuery::Members(board) => SharingAnswer::Members(members(tx, *board)?),
        SharingQuery::Links(board) => SharingAnswer::Links(links(tx, *board)?),
        SharingQuery::BoardsOf(user) => {
            let boards = visible_boards(tx, *user)?.into_iter();
            SharingAnswer::BoardsOf(boards.map(|(board, _)| board).collect())
        }
        SharingQuery::Link(board, link) => SharingAnswer::Link(link_view(tx, *board, *link)?),
        SharingQuery::LinkBySecret(hash) => {
            SharingAnswer::Link(match tx.get::<LinkBySecret>(hash)? {
                Some(found) => link_view(tx, found.board, found.link)?,
                None => None,
            })
        }
        SharingQuery::Invitations(board) => SharingAnswer::Invitations(invitations(tx, *board)?),
        SharingQuery::InvitationBySecret(hash) => {
            SharingAnswer::Invitation(invitation_by_secret(tx, hash)?)
        }
        SharingQuery::Requests(board) => SharingAnswer::Requests(requests(tx, *board)?),
        SharingQuery::Activity(query) => SharingAnswer::Activity(activity(tx, query)?),
        SharingQuery::Asset(asset) => SharingAnswer::Asset(read_asset(tx, *asset)?),
        SharingQuery::Assets(board) => SharingAnswer::Assets(assets(tx, *board)?),
        SharingQuery::ShareABoard(one, other) => {
            SharingAnswer::ShareABoard(share_a_board(tx, *one, *other)?)
        }
    })
}

fn board_view(
    tx: &dyn ReadTx,
    id: BoardId,
    user: Option<UserId>,
) -> Result<Option<BoardView>, Fault> {
    let Some(head) = tx.head(id)? else {
        return Ok(None);
    };
    let (member, starred) = match user {
        Some(user) => (
            tx.get::<MemberRow>(&(id, user))?.map(|row| row.role),
            tx.get::<Favourite>(&(user, id))?.is_some(),
        ),
        None => (None, false),
    };
    let by_policy = user.and_then(|_| head.workspace_role());
    Ok(Some(BoardView {
        board: head.board.clone(),
        member,
        role: member.max(by_policy),
        policy: head.policy.clone(),
        starred,
    }))
}

/// A board that may be on the page.
struct Found {
    head: Arc<BoardHead>,
    role: Role,
    starred: bool,
    opened_at: Option<Time>,
}

/// What a list is sorted by: [`CardCursor`], borrowed.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Place<'a> {
    Latest(Reverse<Time>, BoardId),
    Earliest(Time, BoardId),
    Title(&'a str, BoardId),
}

impl CardCursor {
    fn place(&self) -> Place<'_> {
        match self {
            Self::Latest(at, board) => Place::Latest(*at, *board),
            Self::Earliest(at, board) => Place::Earliest(*at, *board),
            Self::Title(title, board) => Place::Title(title, *board),
        }
    }
}

impl Found {
    fn place(&self, sort: CardSort) -> Place<'_> {
        let BoardRecord {
            id,
            created_at,
            updated_at,
            ..
        } = self.head.board;
        match sort {
            CardSort::UpdatedDesc => Place::Latest(Reverse(updated_at), id),
            CardSort::UpdatedAsc => Place::Earliest(updated_at, id),
            CardSort::CreatedDesc => Place::Latest(Reverse(created_at), id),
            CardSort::Title => Place::Title(&self.head.folded, id),
            CardSort::OpenedDesc => Place::Latest(Reverse(self.opened_at.unwrap_or_default()), id),
        }
    }

    fn cursor(&self, sort: CardSort) -> CardCursor {
        match self.place(sort) {
            Place::Latest(at, board) => CardCursor::Latest(at, board),
            Place::Earliest(at, board) => CardCursor::Earliest(at, board),
            Place::Title(title, board) => CardCursor::Title(title.to_owned(), board),
        }
    }

    fn card(&self, tx: &dyn ReadTx) -> Result<BoardCard, Fault> {
        let policy = self.head.policy.as_ref();
        let (owner, owner_name) = owner_of(tx, self.head.board.id)?.unzip();
        Ok(BoardCard {
            board: self.head.board.clone(),
            role: self.role,
            starred: self.starred,
            archived_at: policy.and_then(|policy| policy.archived_at),
            owner,
            owner_name,
            opened_at: self.opened_at,
        })
    }
}

/// Looks at the head of every board the person may see and sorts those of the page: heads of ten thousand boards are at hand,
/// and an index by change would cost every stroke two more rows.
fn list_cards(tx: &dyn ReadTx, query: &CardsQuery) -> Result<CardPage, Fault> {
    let mut found = wanted_boards(tx, query)?;
    let limit = page_rows(query.limit);
    let by_place = |a: &Found, b: &Found| a.place(query.sort).cmp(&b.place(query.sort));
    let more = found.len() > limit;
    if more {
        found.select_nth_unstable_by(limit, by_place);
        found.truncate(limit);
    }
    found.sort_unstable_by(by_place);
    let last = found.last().filter(|_| more);
    let next = last.map(|last| last.cursor(query.sort));
    let cards = found.iter().map(|found| found.card(tx));
    Ok(CardPage {
        cards: cards.collect::<Result<_, _>>()?,
        next,
    })
}

fn wanted_boards(tx: &dyn ReadTx, query: &CardsQuery) -> Result<Vec<Found>, Fault> {
    let text = query.text.as_deref().map(str::to_lowercase);
    let user = query.user;
    let starred_boards: BTreeSet<_> = tx.keys::<Favourite>(&user)?.into_iter().collect();
    let opened_boards: BTreeMap<_, _> = tx.all::<Opened>(&user)?.into_iter().collect();
    let after = query.after.as_ref().map(CardCursor::place);
    let mut found = Vec::new();
    for (board, member) in visible_boards(tx, user)? {
        let Some(head) = tx.head(board)? else {
            continue;
        };
        let is_wanted = head.board.trashed_at.is_some() == query.filter.trashed
            && text
                .as_deref()
                .is_none_or(|text| head.folded.contains(text));
        if !is_wanted {
            continue;
        }
        let Some(role) = member.max(head.workspace_role()) else {
            continue;
        };
        let is_archived = head
            .policy
            .as_ref()
            .is_some_and(|policy| policy.archived_at.is_some());
        let starred = starred_boards.contains(&(user, board));
        let opened_at = opened_boards.get(&(user, board)).map(|opened| opened.at);
        let is_mine = match query.filter.mine {
            Mine::Any => true,
            Mine::Owned => member == Some(Role::Owner),
            Mine::Shared => member.is_some() && member != Some(Role::Owner),
            Mine::Opened => opened_at.is_some(),
        };
        // In the trash only who can take it out again finds it.
        let is_wanted = is_mine
            && (!query.filter.trashed || role == Role::Owner)
            && (!query.filter.starred || starred)
            && query
                .filter
                .archived
                .is_none_or(|wanted| wanted == is_archived);
        if !is_wanted {
            continue;
        }
        if let Some(owner) = query.filter.owner
            && !is_owner(tx, board, owner)?
        {
            continue;
        }
        let one = Found {
            head,
            role,
            starred,
            opened_at,
        };
        if after
            .as_ref()
            .is_none_or(|after| one.place(query.sort) > *after)
        {
            found.push(one);
        }
    }
    Ok(found)
}

fn visible_boards(tx: &dyn ReadTx, user: UserId) -> Result<Vec<(BoardId, Option<Role>)>, Fault> {
    let mut boards = Vec::new();
    tx.scan::<BoardOfUser>(&user, &mut |(_, board), BoardOfUser(role)| {
        boards.push((board, Some(role)));
        Ok(ControlFlow::Continue(()))
    })?;
    // In the order of ids, as rows are.
    let mine = boards.len();
    for board in tx.keys::<WorkspaceBoard>(&Single)? {
        let is_mine = boards[..mine].binary_search_by_key(&board, |(board, _)| *board);
        if is_mine.is_err() {
            boards.push((board, None));
        }
    }
    Ok(boards)
}

fn is_owner(tx: &dyn ReadTx, board: BoardId, user: UserId) -> Result<bool, Fault> {
    let row = tx.get::<MemberRow>(&(board, user))?;
    Ok(row.is_some_and(|row| row.role == Role::Owner))
}

/// The first of the owners, by age of the account.
fn owner_of(tx: &dyn ReadTx, board: BoardId) -> Result<Option<(UserId, String)>, Fault> {
    let mut owner = None;
    tx.scan::<MemberRow>(&board, &mut |(_, user), row| {
        Ok(if row.role == Role::Owner {
            owner = Some(user);
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        })
    })?;
    let Some(owner) = owner else {
        return Ok(None);
    };
    let row = tx.get_known::<UserRow>(&owner)?;
    Ok(Some((owner, row.name.as_str().to_owned())))
}

fn user_view(tx: &dyn ReadTx, id: UserId) -> Result<UserView, Fault> {
    Ok(UserView {
        id,
        row: tx.get_known(&id)?,
    })
}

fn members(tx: &dyn ReadTx, board: BoardId) -> Result<Vec<MemberView>, Fault> {
    let rows = tx.all::<MemberRow>(&board)?;
    rows.into_iter()
        .map(|((_, user), row)| {
            Ok(MemberView {
                user: user_view(tx, user)?,
                row,
            })
        })
        .collect()
}

fn links(tx: &dyn ReadTx, board: BoardId) -> Result<Vec<LinkView>, Fault> {
    let rows = tx.all::<LinkRow>(&board)?;
    let view = |((board, link), row)| LinkView { board, link, row };
    Ok(rows.into_iter().map(view).collect())
}

fn link_view(tx: &dyn ReadTx, board: BoardId, link: LinkId) -> Result<Option<LinkView>, Fault> {
    let row = tx.get::<LinkRow>(&(board, link))?;
    Ok(row.map(|row| LinkView { board, link, row }))
}

fn invitations(tx: &dyn ReadTx, board: BoardId) -> Result<Vec<InvitationView>, Fault> {
    let rows = tx.all::<InvitationRow>(&board)?;
    let view = |((board, invitation), row)| InvitationView {
        board,
        invitation,
        row,
    };
    Ok(rows.into_iter().map(view).collect())
}

fn invitation_by_secret(
    tx: &dyn ReadTx,
    hash: &SecretHash,
) -> Result<Option<InvitationView>, Fault> {
    let Some(found) = tx.get::<InvitationBySecret>(hash)? else {
        return Ok(None);
    };
    let InvitationBySecret { board, invitation } = found;
    let row = tx.get_known::<InvitationRow>(&(board, invitation))?;
    Ok(Some(InvitationView {
        board,
        invitation,
        row,
    }))
}

fn requests(tx: &dyn ReadTx, board: BoardId) -> Result<Vec<RequestView>, Fault> {
    let mut found = Vec::new();
    for ((_, user), row) in tx.all::<AccessRequestRow>(&board)? {
        // Whoever asked may have gone since.
        if let Some(person) = tx.get::<UserRow>(&user)? {
            let user = UserView {
                id: user,
                row: person,
            };
            found.push(RequestView { user, row });
        }
    }
    Ok(found)
}

fn activity(tx: &dyn ReadTx, query: &ActivityQuery) -> Result<ActivityPage, Fault> {
    let mut found: Vec<(EventNo, BoardId)> = Vec::new();
    let limit = page_rows(query.limit);
    let mut next = None;
    let mut take = |tx: &dyn ReadTx, no: EventNo, board: BoardId, row: Option<&ActivityRow>| {
        if query.after.is_some_and(|after| no >= after) {
            return Ok(ControlFlow::Continue(()));
        }
        let stored;
        let row = match row {
            Some(row) => row,
            // The board may have been purged since.
            None => match tx.get::<ActivityRow>(&(board, no))? {
                Some(row) => {
                    stored = row;
                    &stored
                }
                None => return Ok(ControlFlow::Continue(())),
            },
        };
        if query.since.is_some_and(|since| row.at < since) {
            return Ok(ControlFlow::Break(()));
        }
        let by = |user| row.actor == Actor::User(user);
        if query.by.is_none_or(by) {
            if found.len() == limit {
                next = found.last().map(|(no, _)| *no);
                return Ok(ControlFlow::Break(()));
            }
            found.push((no, board));
        }
        Ok(ControlFlow::Continue(()))
    };
    match query.of {
        ActivityOf::Board(board) => {
            tx.scan::<ActivityRow>(&board, &mut |(_, no), row| take(tx, no, board, Some(&row)))?;
        }
        ActivityOf::User(user) => {
            tx.scan::<ActivityOfUser>(&user, &mut |(_, no), of| take(tx, no, of.board, None))?;
        }
    }
    let lines = found
        .into_iter()
        .map(|(no, board)| view_line(tx, no, board));
    Ok(ActivityPage {
        lines: lines.collect::<Result<_, _>>()?,
        next,
    })
}

fn view_line(tx: &dyn ReadTx, no: EventNo, board: BoardId) -> Result<ActivityView, Fault> {
    let row = tx.get_known::<ActivityRow>(&(board, no))?;
    let name = match row.actor {
        Actor::User(user) => {
            let person = tx.get::<UserRow>(&user)?;
            person.map(|person| person.name.as_str().to_owned())
        }
        Actor::Guest(_) => row.guest.as_ref().map(|name| name.as_str().to_owned()),
        Actor::System | Actor::Local => None,
    };
    Ok(ActivityView {
        no,
        board,
        row,
        name,
    })
}

fn read_asset(tx: &dyn ReadTx, id: AssetId) -> Result<Option<AssetView>, Fault> {
    let Some(row) = tx.get::<AssetRow>(&id)? else {
        return Ok(None);
    };
    let boards = tx.keys::<BoardOfAsset>(&id)?;
    Ok(Some(AssetView {
        id,
        row,
        image: tx.get(&id)?,
        boards: boards.into_iter().map(|(_, board)| board).collect(),
    }))
}

fn assets(tx: &dyn ReadTx, board: BoardId) -> Result<Vec<AssetView>, Fault> {
    let keys = tx.keys::<AssetOfBoard>(&board)?;
    let views = keys.into_iter().map(|(_, id)| read_asset(tx, id));
    views.filter_map(Result::transpose).collect()
}

fn share_a_board(tx: &dyn ReadTx, one: UserId, other: UserId) -> Result<bool, Fault> {
    let mut shared = false;
    tx.scan::<BoardOfUser>(&one, &mut |(_, board), _| {
        shared = tx.get::<MemberRow>(&(board, other))?.is_some();
        Ok(if shared {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        })
    })?;
    Ok(shared)
}
