//! What is asked for.

use super::client::Request;
use super::fill::Person;
use super::load::SignedIn;
use crate::stats::Rng;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Route {
    ShowBoard,
    ListBoards,
    ListAll,
    SearchAll,
    SortAll,
    Me,
    Members,
    Activity,
    FindPeople,
    Version,
    VersionSignedIn,
    CreateBoard,
    RenameBoard,
    Star,
    /// Of the other server.
    Bare,
}

/// All of easel's.
pub(crate) const ROUTES: &[Route] = &[
    Route::ShowBoard,
    Route::ListBoards,
    Route::ListAll,
    Route::SearchAll,
    Route::SortAll,
    Route::Me,
    Route::Members,
    Route::Activity,
    Route::FindPeople,
    Route::Version,
    Route::VersionSignedIn,
    Route::CreateBoard,
    Route::RenameBoard,
    Route::Star,
];

/// A request in words of its own.
#[derive(Debug)]
pub(crate) struct Asked<'a> {
    method: &'static str,
    path: String,
    token: Option<&'a str>,
    headers: &'static str,
    body: String,
}

impl Asked<'_> {
    pub(crate) fn request(&self) -> Request<'_> {
        Request {
            method: self.method,
            path: &self.path,
            token: self.token,
            headers: self.headers,
            body: &self.body,
        }
    }
}

impl Route {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Route::ShowBoard => "GET /boards/{b}",
            Route::ListBoards => "GET /boards, of tens",
            Route::ListAll => "GET /boards, of 10,000",
            Route::SearchAll => "GET /boards?q=, of 10,000",
            Route::SortAll => "GET /boards?sort=title, of 10,000",
            Route::Me => "GET /me",
            Route::Members => "GET /boards/{b}/members",
            Route::Activity => "GET /boards/{b}/activity",
            Route::FindPeople => "GET /users?q=, of 1,000",
            Route::Version => "GET /version, nobody",
            Route::VersionSignedIn => "GET /version, signed in",
            Route::CreateBoard => "POST /boards",
            Route::RenameBoard => "PATCH /boards/{b}",
            Route::Star => "PUT /me/favourites/{b}",
            Route::Bare => "GET /",
        }
    }

    /// How often among 110 requests: 100 of them read.
    fn share(self) -> u64 {
        match self {
            Route::ShowBoard => 35,
            Route::ListBoards | Route::Me => 15,
            Route::ListAll | Route::SearchAll => 3,
            Route::SortAll => 2,
            Route::Members | Route::Activity => 10,
            Route::FindPeople | Route::VersionSignedIn => 3,
            Route::Version => 1,
            Route::CreateBoard => 2,
            Route::RenameBoard | Route::Star => 4,
            Route::Bare => 0,
        }
    }

    /// Any of easel's, as often as it is asked for.
    pub(crate) fn pick(rng: &mut Rng) -> usize {
        let all: u64 = ROUTES.iter().map(|route| route.share()).sum();
        let mut left = rng.below(all);
        let found = ROUTES
            .iter()
            .position(|route| match left.checked_sub(route.share()) {
                Some(rest) => {
                    left = rest;
                    false
                }
                None => true,
            });
        found.expect("what is left is less than all shares")
    }

    /// By this person; `everywhere` is on every board.
    pub(crate) fn ask<'a>(
        self,
        rng: &mut Rng,
        by: &'a SignedIn,
        person: &Person,
        everywhere: &'a SignedIn,
    ) -> Asked<'a> {
        let board = &person.boards[rng.below(person.boards.len() as u64) as usize];
        let number = rng.below(1_000);
        let get = |path: String| Asked {
            method: "GET",
            path,
            token: Some(&by.token),
            headers: "",
            body: String::new(),
        };
        let of_all = |query: String| Asked {
            token: Some(&everywhere.token),
            ..get(format!("/api/v1/boards{query}"))
        };
        match self {
            Route::ShowBoard => get(format!("/api/v1/boards/{board}")),
            Route::ListBoards => get("/api/v1/boards".to_owned()),
            Route::ListAll => of_all(String::new()),
            Route::SearchAll => of_all(format!("?q=plan+{}", number % 100)),
            Route::SortAll => of_all("?sort=title".to_owned()),
            Route::Me => get("/api/v1/me".to_owned()),
            Route::Members => get(format!("/api/v1/boards/{board}/members")),
            Route::Activity => get(format!("/api/v1/boards/{board}/activity")),
            Route::FindPeople => get(format!("/api/v1/users?q=person+{}", number % 100)),
            Route::Version => Asked {
                token: None,
                ..get("/api/v1/version".to_owned())
            },
            Route::VersionSignedIn => get("/api/v1/version".to_owned()),
            Route::CreateBoard => Asked {
                method: "POST",
                body: format!(r#"{{"title":"New {number}"}}"#),
                ..get("/api/v1/boards".to_owned())
            },
            Route::RenameBoard => Asked {
                method: "PATCH",
                headers: "If-Match: *\r\n",
                body: format!(r#"{{"title":"Plan {number}"}}"#),
                ..get(format!("/api/v1/boards/{board}"))
            },
            Route::Star => Asked {
                method: "PUT",
                ..get(format!("/api/v1/me/favourites/{board}"))
            },
            Route::Bare => Asked {
                token: None,
                ..get("/".to_owned())
            },
        }
    }
}
