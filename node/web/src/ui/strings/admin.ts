/** Looking after the installation: its nodes and its backups. */

import { count } from './count'

export const adminWords = {
  admin: {
    title: 'Administration',
    forbiddenTitle: 'This is for admins',
    forbiddenText: 'Who looks after this installation sees its nodes and backups here.',
    nodes: 'Nodes',
    nodesText: 'Each holds all boards. What is saved is on the disks of a majority of those that vote.',
    node: (id: number) => `Node ${id}`,
    leads: 'Leads',
    thisOne: 'Answers you',
    noLeader: 'No node leads. Nothing can be saved until a majority of the voters are in touch again.',
    alone: 'There is one node. With three, one may fail and nobody who draws is held up.',
    two: 'With two voters neither may fail. A third makes the loss of one bearable.',
    diskFull: 'The disk of the node that answers is nearly full.',
    roles: { invited: 'Invited', learner: 'Catching up', voter: 'Votes' },
    behind: (entries: number) => `${count(entries, 'entry', 'entries')} behind`,
    inStep: 'in step',
    facts: (term: number, applied: number, last: number) =>
      `Term ${term} · ${applied.toLocaleString('en')} of ${last.toLocaleString('en')} log entries applied`,
    actions: (id: number) => `What can be done with node ${id}`,
    promote: 'Let it vote now',
    lead: 'Let it lead',
    leadTitle: (id: number) => `Let node ${id} lead?`,
    leadText: 'Drawing goes on. Saving waits for a moment while the nodes agree.',
    remove: 'Remove',
    removeTitle: (id: number) => `Remove node ${id}?`,
    removeText:
      'It is no member any more and cannot come back as the same node. What is saved stays on the others.',
    promoted: (id: number) => `Node ${id} votes`,
    leading: (id: number) => `Node ${id} leads`,
    removed: (id: number) => `Node ${id} was removed`,
    add: 'Add a node',
    addText:
      'The new node takes this token from the file that cluster.join_token_file names, and an address of the nodes here from cluster.join. It comes in once, catches up and then votes by itself.',
    life: 'Holds for',
    lives: { '10': '10 minutes', '60': '1 hour', '1440': '1 day' },
    makeToken: 'Make a token',
    tokenTitle: 'The token for one node',
    token: 'Join token',
    tokenHint: (until: string) =>
      `Shown this once. Whoever has it gets all boards and keys, once, until ${until}.`,
    backups: 'Backups',
    backupsTo: (place: string) => `In ${place}`,
    noPlace:
      'No place for backups is configured. Name a folder or a bucket as backup.to in the configuration; then one is made every day.',
    noBackups: 'There are none yet.',
    backUp: 'Back up now',
    verify: 'Check',
    verifyNamed: (id: string) => `Check ${id}`,
    about: (when: string, boards: number, pictures: number, size: string) =>
      `${when} · ${count(boards, 'board', 'boards')}, ${count(pictures, 'picture', 'pictures')} · ${size}`,
    picturesMissing: (n: number) => `${count(n, 'picture is', 'pictures are')} missing in it`,
    withKey: 'With the master key',
    unfinished: 'Not finished',
    making: 'Backing up',
    checking: (id: string) => `Checking ${id}`,
    doing: { state: 'boards and people', pictures: 'pictures', boards: 'opening each board' },
    whole: (id: string) => `${id} is whole: every board opens and every checksum is right.`,
    made: (id: string) => `${id} was made.`,
    damaged: (id: string) => `${id} is damaged`,
    failed: (why: string) => `That did not work: ${why}`,
  },
}
