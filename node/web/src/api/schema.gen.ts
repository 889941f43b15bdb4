// Made by `npm run api-types` from node/openapi.json. Do not edit.

export type About = {
  /** The version of this interface. */
  readonly api: number
  /** What it was built from. */
  readonly commit: string
  /** The release that this node runs. */
  readonly version: string
}

export type Accepted = {
  readonly board: BoardId
  readonly role: Role
}

export type AccessRequest = {
  readonly asked_at: Moment
  /** One person asks once: theirs. */
  readonly id: UserId
  readonly message: string | null
  readonly role: Role
  readonly user: Person
}

/** Who may come in beside the members: nobody, or everybody with an account. */
export type AccessWord = 'private' | 'workspace'

/** One thing that somebody did. */
export type ActivityLine = Did & {
  readonly actor: Doer
  readonly at: Moment
  readonly board: BoardId
  /** In one's own activity, as long as one sees the board. */
  readonly board_title?: Title
  readonly id: string
}

export type Approval = {
  readonly role?: Role | null
}

/** A picture on a board. */
export type Asset = {
  /** What it looks like until it is there. */
  readonly blurhash: string
  readonly created_at: Moment
  readonly h: number
  readonly id: string
  /** Of the full-size form, in hexadecimal, like each of the others. */
  readonly sha256: string
  readonly size: number
  readonly type: string
  /** The full-size form, to be shown by whoever was told this address. Good for ten minutes at least. */
  readonly url: string
  readonly variants: readonly Variant[]
  readonly w: number
}

export type AuthConfig = {
  /** Whether there are any: until then whoever reaches this node may do everything. */
  readonly accounts: boolean
  readonly password: PasswordRules
  readonly registration: WhoMayRegister
}

export type Backup = {
  readonly content: BackupContent | null
  /** Why it cannot be read. */
  readonly error: string | null
  readonly id: string
}

export type BackupContent = {
  readonly boards: number
  readonly bytes: number
  /** Boards and other documents, and the updates they consist of. */
  readonly documents: number
  /** Whoever has it can make themselves anybody's session. */
  readonly has_master_key: boolean
  readonly made_at: string
  /** What had to be kept for it, beside what others had brought. */
  readonly new_bytes: number
  readonly pictures: number
  /** Of which the node did not have so many whole. */
  readonly pictures_missing: number
  /** When the last change in it was accepted. */
  readonly state_at: string
  readonly updates: number
  /** The release that made it. */
  readonly version: string
}

export type BackupDoing = 'state' | 'pictures' | 'boards'

export type BackupJob = {
  /** The backup that it is about. */
  readonly backup: string
  readonly began_at: Moment
  readonly ended_at: Moment | null
  /** Why it failed. */
  readonly error: string | null
  readonly progress: BackupProgress | null
  readonly state: BackupJobState
  /** What was found wrong with the backup. Empty: it is whole. */
  readonly troubles: readonly string[]
  readonly work: BackupWork
}

export type BackupJobState = 'running' | 'done' | 'failed'

export type BackupList = {
  /** The newest first. */
  readonly data: readonly Backup[]
  readonly job: BackupJob | null
  /** `null`: all of them are here. */
  readonly next_cursor: string | null
  /** Where they are: a folder, or a part of a bucket. `null` when none is configured. */
  readonly place: string | null
}

export type BackupProgress = {
  readonly doing: BackupDoing
  /** Bytes, or boards. */
  readonly done: number
  /** Of so many, if that is known. */
  readonly of: number | null
}

export type BackupWork = 'create' | 'verify'

/** A board, and what the caller may do there. */
export type Board = BoardSummary & {
  readonly may: May
}

export type BoardId = string

export type BoardPatch = {
  readonly title?: Title | null
}

/** What a list of boards and a board say alike. */
export type BoardSummary = {
  readonly archived_at: Moment | null
  readonly created_at: Moment
  readonly id: BoardId
  /** How many have it open now. */
  readonly present: number
  /** A picture of it. */
  readonly preview_url: string
  /** What the caller is there. */
  readonly role: Role
  /** Rises with every stored change to the content. */
  readonly seq: number
  readonly starred: boolean
  /** Where a WebSocket is opened. */
  readonly sync_url: string
  readonly title: Title
  readonly trashed_at: Moment | null
  readonly updated_at: Moment
}

/** A board in a list. */
export type Card = BoardSummary & {
  readonly opened_at: Moment | null
  readonly owner: Owner | null
}

export type ClientError = {
  readonly kind: FailureKind
  readonly message: string
  /** The page's path. */
  readonly page?: string
  /** Which build of the page. */
  readonly release?: string
  readonly stack?: string
}

export type Cluster = {
  readonly applied_index: number
  /** Whether this node's disk is nearly full. */
  readonly disk_full: boolean
  readonly id: string
  /** Entries in this node's log, and those of them in its state. */
  readonly last_log_index: number
  /** Who leads, if this node knows. */
  readonly leader: number | null
  /** The node that answers. */
  readonly node: number
  readonly nodes: readonly ClusterNode[]
  /** Grows with every election. */
  readonly term: number
}

export type ClusterNode = {
  /** Where other nodes reach it; empty while it is alone. */
  readonly address: string
  readonly id: number
  /** Entries that it is behind; the leader alone knows it, of the others. */
  readonly lag: number | null
  readonly role: ClusterRole
  /** Where people reach it. */
  readonly url: string
  readonly version: string
}

export type ClusterRole = 'invited' | 'learner' | 'voter'

/** What it was: of the other members those that belong to it. */
export type Did = {
  /** What was copied. */
  readonly from?: BoardId
  readonly link?: LinkId
  readonly role?: Role
  readonly title?: Title
  /** As `board.renamed`. There may be others in time. */
  readonly type: string
  readonly user?: UserId
}

export type DisplayName = string

/** Who somebody is, as far as the caller may know: an id, or what they came through. */
export type Doer = {
  readonly id?: UserId
  readonly kind: DoerKind
  readonly name: string | null
}

export type DoerKind = 'system' | 'local' | 'user' | 'guest'

/** An element: `id, type, kind?, box: [x, y, w, h, angle], z, parent?, text?`, one member for each style that differs from its default, `data` for what only its type has, and `by`, whom it is put down to. The `data` of a line is `{from, via?, to, from_head?, to_head?}`: its ends and up to 1,000 points that it goes through between them, each `[x, y]` in fractions of its box. The `data` of a connector is `{from, to, from_head?, to_head?}`. An end is free, `{at: [x, y]}` in fractions of the connector's own box, or bound, `{element, at?: [x, y], mode?, last?}` in fractions of that element's box: with `mode` `auto` on its outline where the way meets it, with `fixed` just at `at`. Nobody writes to a connector because an element has moved: its `box`, with `last` in fractions of it, says where its ends were when it was last written. */
export type Element = Readonly<Record<string, unknown>>

export type Elements = {
  readonly data: readonly Element[]
  /** Where the next page begins; null at the end. */
  readonly next_cursor: string | null
}

export type Email = string

export type FailureKind = 'error' | 'rejection' | 'boundary'

export type Guest = {
  readonly display_name: DisplayName
}

export type Invitation = {
  readonly created_at: Moment
  readonly email: Email | null
  readonly expires_at: Moment
  readonly id: InvitationId
  readonly message: string | null
  readonly role: Role
  readonly state: StateWord
}

export type InvitationId = string

export type InvitedTo = {
  readonly id: BoardId
  readonly title: Title
}

export type JoinToken = {
  readonly expires_at: Moment
  /** Shown this once. */
  readonly token: string
}

export type Label = string

export type LeaderTransfer = {
  /** Without it, the node that is furthest. */
  readonly to?: number | null
}

export type Leaving = {
  readonly transfer_to?: UserId | null
}

export type LinkId = string

export type LinkPatch = {
  readonly expires_at?: Moment | null
  readonly label?: Label | null
  readonly max_uses?: number | null
  readonly password?: string | null
  readonly role?: Role | null
}

/** A page of a list, or all of one that has no pages. */
export type ListAccessRequest = {
  readonly data: readonly AccessRequest[]
  /** Passed back as `cursor` it brings the next page; `null` on the last. */
  readonly next_cursor: string | null
}

/** A page of a list, or all of one that has no pages. */
export type ListActivityLine = {
  readonly data: readonly ActivityLine[]
  /** Passed back as `cursor` it brings the next page; `null` on the last. */
  readonly next_cursor: string | null
}

/** A page of a list, or all of one that has no pages. */
export type ListAsset = {
  readonly data: readonly Asset[]
  /** Passed back as `cursor` it brings the next page; `null` on the last. */
  readonly next_cursor: string | null
}

/** A page of a list, or all of one that has no pages. */
export type ListCard = {
  readonly data: readonly Card[]
  /** Passed back as `cursor` it brings the next page; `null` on the last. */
  readonly next_cursor: string | null
}

/** A page of a list, or all of one that has no pages. */
export type ListInvitation = {
  readonly data: readonly Invitation[]
  /** Passed back as `cursor` it brings the next page; `null` on the last. */
  readonly next_cursor: string | null
}

/** A page of a list, or all of one that has no pages. */
export type ListMember = {
  readonly data: readonly Member[]
  /** Passed back as `cursor` it brings the next page; `null` on the last. */
  readonly next_cursor: string | null
}

/** A page of a list, or all of one that has no pages. */
export type ListOwnSession = {
  readonly data: readonly OwnSession[]
  /** Passed back as `cursor` it brings the next page; `null` on the last. */
  readonly next_cursor: string | null
}

/** A page of a list, or all of one that has no pages. */
export type ListPerson = {
  readonly data: readonly Person[]
  /** Passed back as `cursor` it brings the next page; `null` on the last. */
  readonly next_cursor: string | null
}

/** A page of a list, or all of one that has no pages. */
export type ListShareLink = {
  readonly data: readonly ShareLink[]
  /** Passed back as `cursor` it brings the next page; `null` on the last. */
  readonly next_cursor: string | null
}

/** A page of a list, or all of one that has no pages. */
export type ListToken = {
  readonly data: readonly Token[]
  /** Passed back as `cursor` it brings the next page; `null` on the last. */
  readonly next_cursor: string | null
}

export type Login = {
  readonly email: string
  readonly password: string
}

export type Logout = {
  readonly all?: boolean
}

export type May = {
  readonly comment: boolean
  readonly copy: boolean
  readonly edit: boolean
  readonly export: boolean
  /** Whatever an owner may. */
  readonly own: boolean
  /** Let others in. */
  readonly share: boolean
}

export type Member = {
  readonly role: Role
  readonly since: Moment
  /** Where the role comes from; only in lists. */
  readonly source?: Source
  readonly user: Person
}

export type Members = ListMember & {
  readonly workspace_role: Role | null
}

/** RFC 3339; in answers in UTC with milliseconds. */
export type Moment = string

export type NamedGuest = {
  readonly board: BoardId
  readonly id: SessionId
  readonly name: DisplayName
  readonly role: Role
}

export type NewAccount = {
  readonly display_name: DisplayName
  readonly email: Email
  readonly invite?: string | null
  readonly password: string
}

export type NewBoard = {
  readonly title?: Title | null
  readonly workspace?: string | null
}

export type NewCopy = {
  readonly title?: Title | null
  readonly workspace?: string | null
}

export type NewInvitation = {
  readonly email?: Email | null
  readonly expires_at?: Moment | null
  readonly message?: string | null
  readonly role: Role
}

export type NewInvitationMade = Invitation & {
  /** The secret in it. Stored is its hash alone. */
  readonly token: string
  /** The page to pass on. */
  readonly url: string
}

export type NewJoinToken = {
  /** How long it holds: an hour, unless this says otherwise. */
  readonly minutes?: number | null
}

export type NewLeader = {
  readonly leader: number
}

export type NewLink = {
  readonly expires_at?: Moment | null
  readonly label?: Label | null
  readonly max_uses?: number | null
  readonly password?: string | null
  readonly role: Role
}

export type NewLinkMade = ShareLink & {
  /** The secret in it. Stored is its hash alone. */
  readonly token: string
  /** The page to pass on. */
  readonly url: string
}

export type NewPassword = {
  readonly current: string
  readonly end_others?: boolean
  readonly new: string
}

export type NewRequest = {
  readonly message?: string | null
  readonly role?: Role | null
}

export type NewRole = {
  readonly role: Role
}

export type NewTicket = {
  /** Seconds. */
  readonly expires_in: number
  readonly role: Role
  /** Where an event stream is opened with it. */
  readonly sse_url: string
  readonly ticket: string
  /** Where a WebSocket is opened with it. */
  readonly ws_url: string
}

export type NewToken = {
  readonly board?: BoardId | null
  readonly expires_at: Moment
  readonly name: Label
  readonly scopes: readonly Scope[]
}

export type NewTokenMade = Token & {
  /** What is sent in Authorization. Stored is its hash alone. */
  readonly token: string
}

export type NewVoter = {
  readonly node: number
}

export type OneBackup = Backup & {
  readonly job: BackupJob | null
}

export type OpenInvitation = {
  readonly board: InvitedTo
  readonly by: DisplayName | null
  readonly email: Email | null
  readonly expires_at: Moment
  readonly message: string | null
  readonly role: Role
}

export type Opening = {
  readonly password?: string | null
}

export type OwnSession = {
  /** What the browser or program called itself. */
  readonly agent: string
  readonly created_at: Moment
  /** Whether it is the one that asks. */
  readonly current: boolean
  readonly id: SessionId
  readonly last_seen_at: Moment
  /** Where it came from, without the last digits. */
  readonly network: string
}

export type Owner = {
  readonly id: UserId
  readonly name: string
}

export type PasswordRules = {
  /** Characters. */
  readonly min_length: number
}

/** What everybody with an account may know of somebody. Not the address. */
export type Person = {
  readonly avatar_url: string | null
  /** Whether the account is closed for now. */
  readonly disabled: boolean
  /** Only to who asked for this very address. */
  readonly email?: Email
  readonly id: UserId
  readonly name: DisplayName
}

export type Policy = {
  readonly access: AccessWord
  readonly copy: Role
  readonly export: Role
  readonly guests_comment: boolean
  /** Whether share links work. */
  readonly links: boolean
  /** From which role on one may let others in. */
  readonly share: Role
  readonly workspace_role: Role | null
}

export type PolicyPatch = {
  readonly access?: AccessWord | null
  readonly copy?: Role | null
  readonly export?: Role | null
  readonly guests_comment?: boolean | null
  readonly links?: boolean | null
  readonly share?: Role | null
  readonly workspace_role?: Role | null
}

export type Presence = {
  readonly present: number
}

/** RFC 9457. */
export type Problem = {
  readonly code: 'bad-request' | 'bad-host' | 'bad-query' | 'cursor-mismatch' | 'malformed-json' | 'bad-idempotency-key' | 'bad-handshake' | 'bad-stream' | 'unauthenticated' | 'invalid-credentials' | 'invalid-token' | 'refresh-reused' | 'refresh-expired' | 'foreign-origin' | 'forbidden' | 'registration-closed' | 'not-found' | 'board-not-found' | 'method-not-allowed' | 'body-timeout' | 'board-trashed' | 'board-not-trashed' | 'board-exists' | 'setup-done' | 'conflict' | 'sequence-gap' | 'stream-gone' | 'precondition-failed' | 'body-too-large' | 'url-too-long' | 'unsupported-media-type' | 'wrong-host' | 'invalid' | 'weak-password' | 'image-too-large' | 'image-broken' | 'idempotency-key-reused' | 'upgrade-required' | 'precondition-required' | 'too-many-requests' | 'too-many-attempts' | 'busy' | 'no-accounts' | 'email-in-use' | 'last-owner' | 'last-admin' | 'limit-reached' | 'quota-exceeded' | 'gone' | 'link-not-found' | 'link-password' | 'confirm-needed' | 'internal' | 'unavailable' | 'replica-behind' | 'result-unknown' | 'draining' | 'board-full' | 'too-many-streams' | 'element-not-found' | 'element-exists' | 'element-locked' | 'too-many-elements' | 'bad-update' | 'still-running' | 'disk-full' | 'bad-range' | 'file-damaged'
  /** What is particular to this request. */
  readonly detail?: string
  /** Each member of the body that is wrong. */
  readonly errors?: readonly ({
    readonly code: string
    readonly detail: string
    /** RFC 6901. */
    readonly pointer: string
  })[]
  readonly instance: string
  /** Stands in the node's log as well. */
  readonly request_id: string
  readonly status: number
  readonly title: string
  /** A page that explains it, on this node. */
  readonly type: string
  /** The policies in RateLimit-Policy that there was too much under. */
  readonly 'violated-policies'?: readonly string[]
}

/** Oneself, address included. */
export type Profile = {
  readonly admin: boolean
  readonly avatar_url: string | null
  readonly created_at: Moment
  readonly email: Email
  readonly id: UserId
  readonly name: DisplayName
}

export type ProfilePatch = {
  readonly name?: DisplayName | null
}

export type Proof = {
  readonly password: string
}

export type Refresh = {
  readonly refresh_token?: string | null
}

export type Renewed = {
  readonly access_token: string
  /** Seconds. */
  readonly expires_in: number
  /** To who sent the one before in the body; whoever sent a cookie is sent a cookie. */
  readonly refresh_token?: string
  readonly session?: SessionId
  readonly token_type: TokenType
  /** Not of a visit through a share link. */
  readonly user?: Profile
}

export type Reset = {
  readonly password: string
  readonly token: string
}

/** Each may what those before it may. */
export type Role = 'viewer' | 'commenter' | 'editor' | 'owner'

export type Scope = 'boards:read' | 'boards:write' | 'elements:read' | 'elements:write' | 'assets:write' | 'members:write' | 'raw:join'

export type Session = Renewed & {
  /** How often somebody gave a wrong password since the last session began. */
  readonly failures_before: number
}

export type SessionId = string

/** What a client keeps of how somebody likes it: any members. */
export type Settings = Readonly<Record<string, unknown>>

export type Setup = {
  readonly display_name: DisplayName
  readonly email: Email
  readonly password: string
  readonly token: string
}

export type ShareLink = {
  readonly created_at: Moment
  readonly expires_at: Moment | null
  readonly has_password: boolean
  readonly id: LinkId
  readonly label: Label | null
  readonly max_uses: number | null
  readonly revoked_at: Moment | null
  readonly role: Role
  readonly uses: number
}

export type Source = 'direct'

export type StateWord = 'open' | 'expired' | 'accepted' | 'declined' | 'revoked'

export type Taken = {
  /** False: everything in it was there already. */
  readonly applied: boolean
  /** What Easel-Index says. */
  readonly index: number
}

export type Title = string

export type Token = {
  readonly board: BoardId | null
  readonly created_at: Moment
  readonly expires_at: Moment
  readonly id: TokenId
  readonly name: Label
  readonly scopes: readonly Scope[]
}

export type TokenId = string

export type TokenType = 'Bearer'

export type Transfer = {
  readonly owner: UserId
}

export type UserId = string

export type Variant = {
  readonly h: number
  readonly name: string
  readonly sha256: string
  readonly size: number
  readonly type: string
  readonly url: string
  readonly w: number
}

export type Visit = {
  readonly access_token: string
  readonly board: BoardId
  /** Seconds. */
  readonly expires_in: number
  readonly role: Role
}

export type WhoMayRegister = 'closed' | 'invite' | 'open'
