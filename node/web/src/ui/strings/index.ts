/**
 * Every sentence that a person reads, by subject, so that a second language is a second folder.
 * Entries with a blank in them are functions: word order belongs to the language.
 */

import { accountWords } from './account'
import { adminWords } from './admin'
import { actionWords } from './actions'
import { boardWords } from './board'
import { commonWords } from './common'
import { entryWords } from './entry'
import { imageWords } from './images'
import { frameWords } from './frames'
import { outlineWords } from './outline'
import { sharingWords } from './sharing'
import { startWords } from './start'
import { transferWords } from './transfer'
import { waysWords } from './ways'

export const strings = {
  ...commonWords,
  ...entryWords,
  ...accountWords,
  ...adminWords,
  ...imageWords,
  ...sharingWords,
  ...startWords,
  ...transferWords,
  ...boardWords,
  ...frameWords,
  ...actionWords,
  ...outlineWords,
  ...waysWords,
}
