/** Finds people by a part of their name, or by their whole address: a field with a list below it. */

import { Search } from 'lucide-react'
import type { KeyboardEvent } from 'react'
import { useEffect, useId, useState } from 'react'
import type { Person } from '../../api/sharing'
import { findPeople } from '../../api/sharing'
import { problemText } from '../problem'
import { colorOf } from '../../core/person-color'
import { strings } from '../strings'
import { Avatar } from './avatar'
import { Glyph } from './glyph'

const ASK_AFTER_MS = 200
/** The server answers nothing shorter. */
const QUERY_CHARS_MIN = 2

export interface PeoplePickerProps {
  readonly label: string
  /** Ids of those who are not offered. */
  readonly without: readonly string[]
  readonly onPick: (person: Person) => void
  readonly testId?: string
}

type Found =
  | { readonly at: 'idle' }
  | { readonly at: 'found'; readonly people: readonly Person[] }
  | { readonly at: 'failed'; readonly failure: unknown }

export function PeoplePicker({ label, without, onPick, testId = 'people-picker' }: PeoplePickerProps) {
  const [query, setQuery] = useState('')
  const [active, setActive] = useState(0)
  const found = useFound(query.trim())
  const id = useId()
  const people = found.at === 'found' ? found.people.filter((person) => !without.includes(person.id)) : []
  const open = query.trim().length >= QUERY_CHARS_MIN && found.at !== 'idle'

  const pick = (person: Person | undefined) => {
    if (person === undefined) return
    setQuery('')
    onPick(person)
  }
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault()
      const step = event.key === 'ArrowDown' ? 1 : -1
      setActive((active + step + people.length) % Math.max(1, people.length))
    } else if (event.key === 'Enter') {
      event.preventDefault()
      pick(people[active])
    } else if (event.key === 'Escape' && query !== '') {
      event.preventDefault()
      event.stopPropagation()
      setQuery('')
    }
  }
  return (
    <div className="picker">
      <label className="field__label" htmlFor={id}>
        {label}
      </label>
      <div className="search">
        <Glyph icon={Search} size={16} className="search__icon" />
        <input
          id={id}
          className="search__input"
          role="combobox"
          aria-expanded={open && people.length > 0}
          aria-controls={`${id}-list`}
          aria-autocomplete="list"
          aria-activedescendant={open && people.length > 0 ? `${id}-${active}` : undefined}
          placeholder={strings.picker.placeholder}
          value={query}
          spellCheck={false}
          autoComplete="off"
          data-testid={testId}
          onChange={(event) => {
            setQuery(event.currentTarget.value)
            setActive(0)
          }}
          onKeyDown={onKeyDown}
        />
      </div>
      <ul
        id={`${id}-list`}
        role="listbox"
        aria-label={label}
        className="picker__list"
        hidden={people.length === 0 || !open}
      >
        {people.map((person, at) => (
          <li
            key={person.id}
            id={`${id}-${at}`}
            role="option"
            aria-selected={at === active}
            className="picker__one"
            data-testid="picker-person"
            // The field keeps the focus, so that typing goes on.
            onMouseDown={(event) => event.preventDefault()}
            onClick={() => pick(person)}
          >
            <Avatar name={person.name} color={colorOf(person.id)} picture={person.avatarUrl} />
            <span className="row__words">
              <span className="row__title">{person.name}</span>
              {person.email !== null && <span className="row__text">{person.email}</span>}
            </span>
          </li>
        ))}
      </ul>
      <p className="picker__note" role="status">
        {open && found.at === 'found' && people.length === 0 && strings.picker.nobody}
        {found.at === 'failed' && problemText(found.failure)}
      </p>
    </div>
  )
}

function useFound(query: string): Found {
  const [found, setFound] = useState<Found>({ at: 'idle' })
  useEffect(() => {
    const over = new AbortController()
    const timer = setTimeout(() => {
      if (query.length < QUERY_CHARS_MIN) {
        setFound({ at: 'idle' })
        return
      }
      findPeople(query, over.signal).then(
        (people) => !over.signal.aborted && setFound({ at: 'found', people }),
        (failure: unknown) => !over.signal.aborted && setFound({ at: 'failed', failure }),
      )
    }, ASK_AFTER_MS)
    return () => {
      clearTimeout(timer)
      over.abort()
    }
  }, [query])
  return found
}
