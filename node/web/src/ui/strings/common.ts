/** The words that every page uses: buttons, roles, forms, refusals. */

import { count } from './count'

export const commonWords = {
  app: 'Easel',
  untitled: 'Untitled board',
  close: 'Close',
  cancel: 'Cancel',
  save: 'Save',
  done: 'Done',
  change: 'Change',
  copy: 'Copy',
  copied: 'Copied',
  retry: 'Try again',
  undo: 'Undo',
  dismiss: 'Dismiss',
  home: 'All boards',
  goHome: 'Back to all boards',
  days: (n: number) => (n === 365 ? '1 year' : count(n, 'day', 'days')),

  tooMany: (seconds: number | null) =>
    seconds === null || seconds < 5
      ? 'That was too much at once. Try again in a moment.'
      : `Too many attempts. Try again in ${
          seconds < 90
            ? count(Math.ceil(seconds), 'second', 'seconds')
            : count(Math.ceil(seconds / 60), 'minute', 'minutes')
        }.`,

  roles: {
    viewer: 'Can view',
    commenter: 'Can comment',
    editor: 'Can edit',
    owner: 'Owner',
  },

  roleShort: {
    viewer: 'View only',
    commenter: 'Comment only',
    editor: 'Can edit',
    owner: 'Owner',
  },

  /** As in “invites you to … this board”. */
  roleTo: {
    viewer: 'look at',
    commenter: 'look at and comment on',
    editor: 'draw on',
    owner: 'own',
  },

  /** As in “made somebody …”. */
  roleAs: {
    viewer: 'a viewer',
    commenter: 'a commenter',
    editor: 'an editor',
    owner: 'an owner',
  },

  /** What the server refuses, by its code, where its own words are not for a person. */
  problems: {
    unauthenticated: 'You are signed out. Sign in to go on.',
    'invalid-token': 'You were signed out. Sign in to go on.',
    'invalid-credentials': 'The e-mail address or the password is not right.',
    'email-in-use': 'There is an account with this address already. Sign in instead.',
    'setup-done': 'This installation has its first account already.',
    'registration-closed': 'New accounts are made by invitation only. Ask someone who has one.',
    'last-owner': 'A board needs an owner. Make somebody else an owner first.',
    'last-admin': 'An installation needs an administrator. Make somebody else one first.',
    'image-too-large': 'The picture has too many pixels. Make it smaller and try again.',
    'image-broken': 'The picture cannot be read. Save it anew in a program for pictures and try again.',
    'unsupported-media-type': 'Take a PNG, JPEG, GIF or WebP picture.',
    'body-too-large': 'The file is too large.',
    'disk-full': 'The server has no room left. Whoever looks after it can make some.',
    'link-not-found': 'There is no such link.',
    'link-password': 'That is not the password of this link.',
    gone: 'This link has ended.',
    'no-accounts': 'This installation has no accounts yet.',
  },

  form: {
    name: 'Name',
    nameHint: 'Others see it next to what you do.',
    email: 'E-mail address',
    password: 'Password',
    passwordHint: (min: number) =>
      `At least ${min} characters. A few words are easier to remember than signs.`,
    unfit: {
      missing: (what: string) => `${what} is needed.`,
      email: 'This is not an e-mail address: it needs an @ and what comes after it.',
      short: (min: number) => `This needs at least ${min} characters.`,
      low: (min: string) => `This is a number of at least ${min}.`,
      other: 'This cannot be used.',
    },
    showPassword: 'Show password',
    hidePassword: 'Hide password',
  },

  confirm: {
    title: 'Is it you?',
    text: 'For this, type your password again.',
    action: 'Confirm',
    notConfirmed: 'Nothing was changed: your password was not given.',
  },

  theme: {
    label: 'Theme',
    system: 'Match system',
    light: 'Light',
    dark: 'Dark',
  },

  time: {
    now: 'just now',
  },

  lost: {
    title: 'This page does not exist',
    text: 'The address may be mistyped.',
  },
} as const
