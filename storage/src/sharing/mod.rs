//! Who may do what on which board: members, policy, links, invitations, requests; what people did there; its files.

mod activity;
mod assets;
mod boards;
mod command;
mod head;
mod links;
mod members;
mod query;
mod records;
mod rights;
mod rules;

pub use command::{LinkChange, PolicyChange, SharingCommand, SharingOutcome};
pub use head::BoardHead;
pub use query::{
    ActivityOf, ActivityPage, ActivityQuery, ActivityView, AssetView, BoardCard, BoardView,
    CardCursor, CardFilter, CardPage, CardSort, CardsQuery, InvitationView, LinkView, MemberView,
    Mine, RequestView, SharingAnswer, SharingQuery,
};
pub use records::{
    ACTIVITY_MAX, ASSETS_MAX, Access, AccessRequestRow, AccessRow, ActivityCount, ActivityHeld,
    ActivityOfUser, ActivityRow, AssetByContent, AssetForm, AssetOfBoard, AssetRow, BoardOfAsset,
    BoardOfUser, EDITED_EVERY_MS, EventNo, FAVOURITES_MAX, Favourite, INVITATIONS_MAX, ImageRow,
    InvitationBySecret, InvitationRow, InvitationState, LINKS_MAX, LinkBySecret, LinkRow,
    MEMBERS_MAX, MemberRow, OPENED_MAX, Opened, REQUESTS_MAX, RequestRow, Role, SessionOfLink,
    VISITS_MAX, What, WorkspaceBoard,
};

pub(crate) use activity::note;
pub(crate) use boards::{claim_boards, forget_board, leave_boards, may_own, own_again, own_board};
pub(crate) use query::answer;
pub(crate) use rules::apply;
