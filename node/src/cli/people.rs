//! `easel user` and `easel token`: what is asked of a running node over its socket.

use super::{Exit, NodeArgs, blobs, cluster, complain, load, say};
use crate::admin::client::{Failed, ask};
use crate::admin::{Boards, Done, LinkInfo, SessionInfo, Task, TokenInfo, Typed, UserInfo};
use anyhow::{Context as _, anyhow, bail};
use clap::{Args, Subcommand, ValueEnum};
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use serde::Serialize;
use serde_json::json;
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};

#[derive(Debug, Subcommand)]
pub(super) enum UserCommand {
    /// Make an account
    #[command(after_help = concat!(
        "Examples:\n",
        "  easel user add grace@example.org --name 'Grace Hopper'\n",
        "  easel user add ada@example.org --admin --password-file ./password\n\n",
        "Without --password-file and --ask-password an address is printed at which the person sets a password of their\n",
        "own. It works once, for 7 days: pass it on in a way that nobody else reads."
    ))]
    Add {
        /// The person's e-mail address, to sign in with
        email: String,
        /// How they are shown to others; without it, what stands before the `@`
        #[arg(long)]
        name: Option<String>,
        /// They may administer the installation
        #[arg(long)]
        admin: bool,
        #[command(flatten)]
        password: PasswordArgs,
    },
    /// Show every account
    #[command(
        after_help = "Examples:\n  easel user list\n  easel user list --json | jq -r '.[].email'"
    )]
    List,
    /// Shut somebody out at once; what they own stays
    #[command(after_help = "\
Example:
  easel user disable grace@example.org

Their sessions, tokens and open boards end within a second. `easel user enable` lets them in again.")]
    Disable { email: String },
    /// Let somebody in again who was shut out
    #[command(after_help = "Example:\n  easel user enable grace@example.org")]
    Enable { email: String },
    /// Delete an account for good
    #[command(after_help = "\
Examples:
  easel user delete grace@example.org --transfer-to ada@example.org
  easel user delete grace@example.org --delete-boards")]
    Delete {
        email: String,
        #[command(flatten)]
        boards: BoardsArgs,
    },
    /// Give somebody a new password, or an address to set one; all their sessions end when it is set
    #[command(after_help = "\
Examples:
  easel user reset-password grace@example.org
  easel user reset-password grace@example.org --ask-password

Without --password-file and --ask-password an address is printed at which the person sets a password of their own. It
works once, for half an hour: pass it on in a way that nobody else reads. What was set before holds until then.")]
    ResetPassword {
        email: String,
        #[command(flatten)]
        password: PasswordArgs,
    },
    /// Say whether somebody may administer the installation
    #[command(after_help = "Example:\n  easel user set-role grace@example.org admin")]
    SetRole { email: String, role: RoleArg },
    /// Show where somebody is signed in, or sign them out
    #[command(after_help = "\
Examples:
  easel user sessions grace@example.org
  easel user sessions grace@example.org --end")]
    Sessions {
        email: String,
        /// Sign them out everywhere
        #[arg(long)]
        end: bool,
    },
}

#[derive(Debug, Subcommand)]
pub(super) enum TokenCommand {
    /// Make a personal token, for a program that acts for somebody; it is shown this once
    #[command(after_help = "\
Example:
  easel token create grace@example.org --name 'wall display' --scope boards:read --scope elements:read --days 30

Scopes: boards:read, boards:write, elements:read, elements:write, assets:write, members:write, raw:join")]
    Create {
        /// Whose it is; it never may more than they
        email: String,
        /// What it is for
        #[arg(long)]
        name: String,
        /// What it may; repeat it
        #[arg(long = "scope", value_name = "SCOPE", required = true)]
        scopes: Vec<String>,
        /// Only this board
        #[arg(long, value_name = "ID")]
        board: Option<String>,
        /// How long it lives, up to 366
        #[arg(long, default_value_t = 90)]
        days: u32,
    },
    /// Show somebody's tokens
    #[command(after_help = "Example:\n  easel token list grace@example.org")]
    List { email: String },
    /// End a token at once
    #[command(
        after_help = "Example:\n  easel token revoke tok_01j…      (as `easel token list` shows it)"
    )]
    Revoke { id: String },
}

#[derive(Debug, Args)]
#[group(multiple = false)]
pub(super) struct PasswordArgs {
    /// A file that holds the password and nothing else; `-` reads it from standard input
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// Ask for the password on this terminal
    #[arg(long)]
    ask_password: bool,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(super) struct BoardsArgs {
    /// Who comes to own the boards that nobody else owns
    #[arg(long, value_name = "EMAIL")]
    transfer_to: Option<String>,
    /// Put the boards that nobody else owns into the trash
    #[arg(long)]
    delete_boards: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum RoleArg {
    Member,
    Admin,
}

#[derive(Debug, Args)]
pub(super) struct AskArgs {
    #[command(flatten)]
    pub(super) node: NodeArgs,
    /// Answer in JSON, for programs
    #[arg(long, global = true)]
    json: bool,
}

pub(super) fn user(args: AskArgs, command: UserCommand) -> Exit {
    match command {
        UserCommand::List => list_users(args),
        command => match user_task(command) {
            Ok(task) => ask_and_tell(args, task),
            Err(error) => {
                complain(&format!("{error:#}"));
                Exit::Failure
            }
        },
    }
}

fn user_task(command: UserCommand) -> anyhow::Result<Task> {
    Ok(match command {
        UserCommand::Add {
            email,
            name,
            admin,
            password,
        } => Task::AddUser {
            email,
            name,
            admin,
            password: password.read()?,
        },
        UserCommand::List => Task::ListUsers { after: None },
        UserCommand::Disable { email } => Task::SetDisabled {
            email,
            disabled: true,
        },
        UserCommand::Enable { email } => Task::SetDisabled {
            email,
            disabled: false,
        },
        UserCommand::Delete { email, boards } => Task::DeleteUser {
            email,
            boards: match boards.transfer_to {
                Some(heir) => Boards::To(heir),
                None => Boards::Trash,
            },
        },
        UserCommand::ResetPassword { email, password } => Task::ResetPassword {
            email,
            password: password.read()?,
        },
        UserCommand::SetRole { email, role } => Task::SetAdmin {
            email,
            admin: role == RoleArg::Admin,
        },
        UserCommand::Sessions { email, end: false } => Task::ListSessions { email },
        UserCommand::Sessions { email, end: true } => Task::EndSessions { email },
    })
}

pub(super) fn token(args: AskArgs, command: TokenCommand) -> Exit {
    let task = match command {
        TokenCommand::Create {
            email,
            name,
            scopes,
            board,
            days,
        } => Task::CreateToken {
            email,
            name,
            scopes,
            board,
            days,
        },
        TokenCommand::List { email } => Task::ListTokens { email },
        TokenCommand::Revoke { id } => Task::RevokeToken { id },
    };
    ask_and_tell(args, task)
}

pub(super) fn ask_and_tell(args: AskArgs, task: Task) -> Exit {
    let folder = match folder(args.node) {
        Ok(folder) => folder,
        Err(exit) => return exit,
    };
    match ask(&folder, task) {
        Ok(done) => {
            match args.json {
                true => say_json(&done),
                false => tell(&done),
            }
            Exit::Ok
        }
        Err(failed) => complain_of(&failed),
    }
}

/// All of them, a page at a time.
fn list_users(args: AskArgs) -> Exit {
    let folder = match folder(args.node) {
        Ok(folder) => folder,
        Err(exit) => return exit,
    };
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        match ask(&folder, Task::ListUsers { after }) {
            Ok(Done::Users { users, next }) => {
                all.extend(users);
                after = next;
            }
            Ok(other) => {
                complain(&format!("the node answered something else: {other:?}"));
                return Exit::Failure;
            }
            Err(failed) => return complain_of(&failed),
        }
        if after.is_none() {
            break;
        }
    }
    match args.json {
        true => say_value(&all),
        false => tell_users(&all),
    }
    Exit::Ok
}

pub(super) fn folder(node: NodeArgs) -> Result<PathBuf, Exit> {
    Ok(load(node.into())?.config.data_dir)
}

pub(super) fn complain_of(failed: &Failed) -> Exit {
    complain(&failed.to_string());
    match failed {
        Failed::NotRunning(_) | Failed::NoAnswer(_) => Exit::Unreachable,
        Failed::NotYours(_) => Exit::Refused,
        Failed::Refused(trouble) => match trouble.by_rule {
            true => Exit::Refused,
            false => Exit::Failure,
        },
    }
}

fn say_value(value: &impl Serialize) {
    say(&format!("{:#}", json!(value)));
}

fn say_json(done: &Done) {
    match done {
        Done::User { user, link } => {
            let mut value = json!(user);
            value["link"] = json!(link);
            say_value(&value);
        }
        Done::Users { users, .. } => say_value(users),
        Done::Sessions(sessions) => say_value(sessions),
        Done::Token { token, secret } => {
            let mut value = json!(token);
            value["token"] = secret.as_str().into();
            say_value(&value);
        }
        Done::Tokens(tokens) => say_value(tokens),
        Done::Backup(made) => say_value(&made.id),
        Done::Cluster(cluster) => say_value(cluster),
        Done::Blobs(blobs) => say_value(blobs),
        Done::Scrubbed(scrubbed) => say_value(scrubbed),
        Done::JoinToken {
            token,
            expires_at,
            address,
        } => say_value(&json!({ "token": token, "expires_at": expires_at, "address": address })),
        Done::Leader { node } => say_value(&json!({ "leader": node })),
        Done::Gone => say_value(&json!({ "done": true })),
    }
}

fn tell(done: &Done) {
    match done {
        Done::User { user, link } => {
            tell_users(std::slice::from_ref(user));
            if let Some(LinkInfo { url, expires_at }) = link {
                say("");
                say(&format!("  set a password at  {url}"));
                say(&format!("                     (once, until {expires_at})"));
            }
        }
        Done::Users { users, .. } => tell_users(users),
        Done::Sessions(sessions) => tell_rows(
            &["SESSION", "SINCE", "LAST USED", "FROM", "WITH"],
            sessions.iter().map(session_row),
        ),
        Done::Token { token, secret } => {
            tell_rows(&TOKEN_HEAD, [token_row(token)]);
            say("");
            say(&format!("  token  {secret}"));
            say("         (shown this once)");
        }
        Done::Tokens(tokens) => tell_rows(&TOKEN_HEAD, tokens.iter().map(token_row)),
        Done::Backup(made) => say(&made.id),
        Done::Cluster(info) => cluster::tell(info),
        Done::Blobs(info) => blobs::tell(info),
        Done::Scrubbed(info) => blobs::tell_scrubbed(info),
        Done::JoinToken {
            token,
            expires_at,
            address,
        } => cluster::tell_token(token, expires_at, address),
        Done::Leader { node } => say(&format!("node {node} leads now")),
        Done::Gone => say("done"),
    }
}

fn tell_users(users: &[UserInfo]) {
    let state = |user: &UserInfo| match (&user.disabled_at, user.has_password) {
        (Some(at), _) => format!("disabled {at}"),
        (None, false) => "no password yet".to_owned(),
        (None, true) => "active".to_owned(),
    };
    let row = |user: &UserInfo| {
        let role = if user.admin { "admin" } else { "member" };
        vec![
            user.email.clone(),
            user.name.clone(),
            role.to_owned(),
            state(user),
            user.created_at.clone(),
            user.id.clone(),
        ]
    };
    let head = ["ADDRESS", "NAME", "ROLE", "STATE", "MADE", "ID"];
    tell_rows(&head, users.iter().map(row));
}

fn session_row(session: &SessionInfo) -> Vec<String> {
    vec![
        session.id.clone(),
        session.created_at.clone(),
        session.used_at.clone(),
        session.network.clone(),
        session.agent.clone(),
    ]
}

const TOKEN_HEAD: [&str; 5] = ["TOKEN", "NAME", "SCOPES", "BOARD", "UNTIL"];

fn token_row(token: &TokenInfo) -> Vec<String> {
    vec![
        token.id.clone(),
        token.name.clone(),
        token.scopes.join(" "),
        token.board.clone().unwrap_or_else(|| "any".to_owned()),
        token.expires_at.clone(),
    ]
}

/// In columns. What people chose themselves is shown without the characters that steer a terminal.
pub(super) fn tell_rows(head: &[&str], rows: impl IntoIterator<Item = Vec<String>>) {
    let plain = |text: &String| text.chars().filter(|c| !c.is_control()).collect::<String>();
    let mut table = vec![head.iter().map(|&word| word.to_owned()).collect::<Vec<_>>()];
    table.extend(rows.into_iter().map(|row| row.iter().map(plain).collect()));
    let width = |at: usize| {
        let cells = table.iter().filter_map(|row| row.get(at));
        cells
            .map(|cell| cell.chars().count())
            .max()
            .unwrap_or_default()
    };
    let widths: Vec<_> = (0..head.len()).map(width).collect();
    for row in &table {
        let cells = row.iter().zip(&widths);
        let line: Vec<_> = cells
            .map(|(cell, width)| format!("{cell:width$}"))
            .collect();
        say(line.join("  ").trim_end());
    }
}

impl PasswordArgs {
    /// `None`: the person sets one.
    fn read(&self) -> anyhow::Result<Option<Typed>> {
        match (&self.password_file, self.ask_password) {
            (Some(file), _) => read_password(file).map(Some),
            (None, true) => ask_password().map(Some),
            (None, false) => Ok(None),
        }
    }
}

/// Editors and `echo` end a file with a line's end, which nobody means.
fn read_password(file: &Path) -> anyhow::Result<Typed> {
    let text = match file.as_os_str() == "-" {
        true => std::io::read_to_string(std::io::stdin()),
        false => std::fs::read_to_string(file),
    };
    let text = text.with_context(|| format!("cannot read --password-file {}", file.display()))?;
    Ok(Typed(text.trim_end_matches(['\r', '\n']).to_owned()))
}

fn ask_password() -> anyhow::Result<Typed> {
    let open = OpenOptions::new().read(true).write(true).open("/dev/tty");
    let terminal = open.map_err(|_| {
        anyhow!("there is no terminal to ask on; give the password with --password-file")
    })?;
    let password = ask_hidden(&terminal, "Password: ")?;
    match ask_hidden(&terminal, "Once more: ")? == password {
        true => Ok(Typed(password)),
        false => bail!("these are two different passwords"),
    }
}

fn ask_hidden(mut terminal: &File, question: &str) -> anyhow::Result<String> {
    let _hidden = Hidden::begin(terminal)?;
    write!(terminal, "{question}")?;
    let mut answer = String::new();
    let read = BufReader::new(terminal).read_line(&mut answer)?;
    writeln!(terminal)?;
    match read {
        0 => bail!("no password was given"),
        _ => Ok(answer.trim_end_matches(['\r', '\n']).to_owned()),
    }
}

/// While this is there, the terminal shows nothing of what is typed.
struct Hidden<'a> {
    terminal: &'a File,
    before: Termios,
}

impl Hidden<'_> {
    fn begin(terminal: &File) -> anyhow::Result<Hidden<'_>> {
        let before = tcgetattr(terminal)?;
        let mut silent = before.clone();
        silent.local_modes.remove(LocalModes::ECHO);
        // What was typed ahead was shown already, and is not meant for this.
        tcsetattr(terminal, OptionalActions::Flush, &silent)?;
        Ok(Hidden { terminal, before })
    }
}

impl Drop for Hidden<'_> {
    fn drop(&mut self) {
        let _ = tcsetattr(self.terminal, OptionalActions::Now, &self.before);
    }
}
