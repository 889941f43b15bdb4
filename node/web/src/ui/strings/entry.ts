/** The ways in: first account, sign in and up, invitation, share link. */

export const entryWords = {
  setup: {
    title: 'Set up Easel',
    text: 'Make the first account. It looks after this installation, and owns the boards that are here already.',
    action: 'Make account',
    doneTitle: 'Easel is set up already',
    doneText: 'The first account was made. Sign in, or ask who made it to invite you.',
    oldToken: 'This address does not hold any more: the server prints another one each time it starts.',
    noTokenTitle: 'This address is not complete',
    noTokenText: 'Open the whole setup address that the server printed when it started.',
  },

  reset: {
    title: 'Choose a password',
    text: 'You sign in with it from now on. Wherever you were signed in before, you are signed out.',
    password: 'New password',
    action: 'Set password',
    doneTitle: 'Your password is set',
    doneText: 'Sign in with it now.',
    goneTitle: 'This address has ended',
    goneText: 'It was used, it is too old, or it is not complete. Ask who sent it to you for another one.',
  },

  signIn: {
    title: 'Sign in to Easel',
    titleOf: (name: string) => `Sign in to ${name}`,
    text: 'Your boards are waiting.',
    board: 'This board is for people who are signed in.',
    action: 'Sign in',
    noAccount: 'No account yet?',
    signUp: 'Make one',
    invited: 'New here? You need an invitation from someone who has an account.',
  },

  signUp: {
    title: 'Make an account',
    text: 'To make boards of your own, and draw on those of others.',
    action: 'Make account',
    haveAccount: 'You have an account?',
    toSignIn: 'Sign in',
    closedTitle: 'Accounts are made by invitation here',
    closedText: 'Ask someone who has an account to invite you.',
  },

  invite: {
    loading: 'Opening the invitation',
    title: (board: string) => `Join “${board}”`,
    text: (by: string | null, verb: string) => `${by ?? 'Somebody'} invites you to ${verb} this board.`,
    as: (name: string) => `You are signed in as ${name}.`,
    accept: 'Join the board',
    join: 'Make account and join',
    decline: 'No, thanks',
    declinedTitle: 'You said no',
    declinedText: 'The invitation is gone. You can close this page.',
    goneTitle: 'This invitation has ended',
    goneText: 'It was used, taken back, or it is too old. Ask for a new one.',
    unknownText: 'The address may be mistyped. Ask who invited you to send it again.',
  },

  visit: {
    loading: 'Opening the shared board',
    passwordTitle: 'This board has a password',
    passwordText: 'Whoever sent you the link knows it.',
    passwordWrong: 'That is not the password. Check it and try again.',
    open: 'Open',
    nameTitle: 'What is your name?',
    nameText: (verb: string) => `Others see it next to your pointer. The link lets you ${verb} the board.`,
    enter: 'Go to the board',
    overTitle: 'This link has ended',
    overText: 'It is too old, was used up, or was taken back. Ask for a new one.',
    unknownTitle: 'There is nothing at this link',
    unknownText: 'It may be mistyped. Ask who sent it to send it again.',
    endedTitle: 'Your visit has ended',
    endedText: 'Open the link again to go on. What you have not sent yet is still in this tab.',
    again: 'Open the link again',
  },
} as const
