//! What the program does with a data folder that no node has open: `easel init`, `easel keys`, `easel backup create`. Nothing
//! listens meanwhile.

use crate::auth::{Auth, Context, HashCost, KeyRefused, Known, Password, RingChange, wall_clock};
use crate::backup::{self, BackupError, Key, Manifest, Tell};
use crate::config::Config;
use crate::metrics::Metrics;
use crate::serve::{self, start_auth, start_node};
use anyhow::{Context as _, anyhow, bail};
use easel_cluster::Node;
use easel_storage::names::{DisplayName, Email};
use easel_storage::people::{InstanceRole, KeyRow, NewUser, PeopleCommand};
use easel_storage::{Actor, Command, Envelope, Rejection, UserId, submit_one};
use std::path::Path;
use std::sync::Arc;

/// What the first account is made of.
#[derive(Debug)]
pub(crate) struct FirstUser {
    pub(crate) email: Email,
    pub(crate) name: DisplayName,
    pub(crate) password: Password,
}

impl FirstUser {
    /// `name` is how the person is shown; without it, what stands before the `@`.
    pub(crate) fn new(email: &str, name: Option<String>, file: &Path) -> anyhow::Result<FirstUser> {
        let email = Email::try_from(email.to_owned())
            .map_err(|why| anyhow!("--admin-email {email}: {why}"))?;
        let local = email.as_str().split('@').next().unwrap_or_default();
        let name = name.unwrap_or_else(|| local.chars().take(DisplayName::CHARS_MAX).collect());
        let name = DisplayName::try_from(name).map_err(|why| anyhow!("--admin-name: {why}"))?;
        let text = std::fs::read_to_string(file)
            .with_context(|| format!("cannot read --admin-password-file {}", file.display()))?;
        // Editors and `echo` end a file with a line's end, which nobody means.
        let password = Password::new(text.trim_end_matches(['\r', '\n']).to_owned());
        Ok(FirstUser {
            email,
            name,
            password,
        })
    }
}

/// A node's own parts, without its doors.
struct Folder {
    node: Node,
    auth: Arc<Auth>,
}

impl Folder {
    async fn open(config: &Config) -> anyhow::Result<Folder> {
        let metrics = Arc::new(Metrics::new());
        let known = Arc::new(Known::default());
        let (changes, _) = tokio::sync::broadcast::channel(serve::CHANGES_KEPT);
        let node = start_node(config, &metrics, &known, &changes, None).await?;
        let auth = start_auth(config, &node, known, HashCost::default()).await?;
        Ok(Folder { node, auth })
    }

    async fn close(self) {
        drop(self.auth);
        self.node.shutdown().await;
    }
}

fn block_on<R>(work: impl Future<Output = anyhow::Result<R>>) -> anyhow::Result<R> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start the runtime")?;
    runtime.block_on(work)
}

/// Makes the first account.
pub(crate) fn init(config: &Config, first: FirstUser) -> anyhow::Result<UserId> {
    block_on(async {
        let folder = Folder::open(config).await?;
        let made = make_first(&folder, first).await;
        folder.close().await;
        made
    })
}

async fn make_first(folder: &Folder, first: FirstUser) -> anyhow::Result<UserId> {
    let context = Context::new(&[first.email.as_str(), first.name.as_str()]);
    let hashed = folder
        .auth
        .hash_password(first.password, &context, "/password")
        .await;
    let password = hashed.map_err(|problem| {
        let whys: Vec<_> = problem.errors.iter().map(|e| e.detail.as_str()).collect();
        anyhow!("the password is not good enough: {}", whys.join("; "))
    })?;
    let user = UserId::mint();
    let new = NewUser {
        user,
        email: first.email,
        name: first.name,
        role: InstanceRole::Admin,
        password: Some(password),
    };
    let command = Command::People(PeopleCommand::CreateFirstUser(new));
    let envelope = Envelope::new(Actor::System, command);
    let answered = submit_one(&*folder.node.store(), envelope).await;
    match answered.context("the account could not be stored")?.1 {
        Ok(_) => Ok(user),
        Err(Rejection::NotTheFirstUser) => bail!("this data folder has accounts already"),
        Err(rejection) => bail!("{rejection}"),
    }
}

/// Makes a backup of what the folder holds.
pub(crate) fn back_up(
    config: &Config,
    to: Option<String>,
    key: Key,
    tell: &Tell<'_>,
) -> anyhow::Result<Result<Manifest, BackupError>> {
    block_on(async {
        let metrics = Arc::new(Metrics::new());
        let (changes, _) = tokio::sync::broadcast::channel(serve::CHANGES_KEPT);
        // Also what only the log holds yet is in the state then.
        let node = start_node(config, &metrics, &Arc::default(), &changes, None).await?;
        let state = node.backup_source().begin().await;
        let blobs = serve::blobs_of(config, &node);
        let made = async {
            let (state, blobs) = (state.context("the state cannot be read")?, blobs?);
            let to = to.unwrap_or_else(|| config.backup.to.clone());
            let work = || backup::make(config, &to, key, state, &*blobs, tell);
            Ok(tokio::task::block_in_place(work))
        };
        let made = made.await;
        node.shutdown().await;
        made
    })
}

/// What is to be done with the keyring.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum KeysTask {
    List,
    /// A new key is announced; the node makes it the active one a minute after it starts.
    Rotate,
    /// Takes a key away, and with it every session that was last renewed under it.
    Retire(String),
}

/// Does it, and gives the keys there are then.
pub(crate) fn keys(config: &Config, task: KeysTask) -> anyhow::Result<Vec<KeyRow>> {
    // Opening makes a folder where there is none, which nobody means who asks for keys.
    let folder = &config.data_dir;
    if !folder.join("node.json").exists() {
        bail!(
            "there is no data folder at {}; name it with --data-dir",
            folder.display()
        );
    }
    block_on(async {
        let folder = Folder::open(config).await?;
        let auth = &folder.auth;
        let done = match &task {
            KeysTask::List => Ok(()),
            KeysTask::Rotate => auth.rotate_keys(wall_clock()).await,
            KeysTask::Retire(id) => auth.destroy_key(id).await,
        };
        let keys = auth.keys().await;
        folder.close().await;
        match (done, task) {
            (Err(RingChange::Refused(KeyRefused::Unknown)), KeysTask::Retire(id)) => {
                bail!("there is no key {id}; `easel keys list` shows those there are")
            }
            (done, _) => done?,
        }
        Ok(keys?.keys)
    })
}
