/** The address of a link in the text that is being written. */
import { Check, ExternalLink, Unlink } from 'lucide-react'
import { useLayoutEffect, useRef } from 'react'
import type { Editor } from '../../core/editor-api'
import { createStore, type WritableStore } from '../../core/store'
import { isLink } from '../../core/text/runs'
import type { Selection } from '../../core/writing/rich-edit'
import { IconButton } from '../parts/icon-button'
import { strings } from '../strings'
import { useStore } from '../use-store'
import { openLink } from './links'
import { writingIn } from './writing'

interface Asked {
  /** What the field begins with. */
  readonly given: string
  /** What is to be linked: the page keeps no selection in a text while there is one in the field. */
  readonly at: Selection
}

const asked = new WeakMap<Editor, WritableStore<Asked | null>>()

function linkAsked(editor: Editor): WritableStore<Asked | null> {
  const store = asked.get(editor) ?? createStore<Asked | null>(null)
  asked.set(editor, store)
  return store
}

/** Opens the field for what is selected in the text. */
export function askForLink(editor: Editor): void {
  const writing = writingIn(editor).get()
  if (!writing) return
  const at = writing.selection()
  linkAsked(editor).set({ given: writingIn(editor).get()?.marks.link ?? '', at })
}

export function LinkField({ editor }: { editor: Editor }) {
  const open = useStore(linkAsked(editor), (value) => value)
  return open === null ? null : <Field key={open.given} editor={editor} asked={open} />
}

function Field({ editor, asked: { given, at } }: { editor: Editor; asked: Asked }) {
  const input = useRef<HTMLInputElement>(null)
  useLayoutEffect(() => {
    input.current?.focus()
    input.current?.select()
    // Writing ended while the field was open.
    return () => linkAsked(editor).set(null)
  }, [editor])
  const close = () => {
    linkAsked(editor).set(null)
    writingIn(editor).get()?.focus(at)
  }
  const done = () => {
    const link = completed(input.current?.value ?? '')
    const writing = writingIn(editor).get()
    close()
    if (link === '') writing?.setLink(null, at)
    else if (isLink(link)) writing?.setLink(link, at)
  }
  const words = strings.text
  return (
    <form
      className="island link-field"
      data-writing=""
      data-testid="link-field"
      onSubmit={(event) => {
        event.preventDefault()
        done()
      }}
      onKeyDown={(event) => {
        event.stopPropagation()
        if (event.key === 'Escape') close()
      }}
      onBlur={(event) => {
        if (
          !(event.relatedTarget instanceof Element) ||
          !event.relatedTarget.closest('[data-writing], .text-field')
        )
          editor.endTextEdit()
      }}
    >
      <input
        ref={input}
        className="link-field__input"
        type="text"
        inputMode="url"
        autoComplete="off"
        spellCheck={false}
        aria-label={words.linkAddress}
        placeholder={words.linkHint}
        defaultValue={given}
        data-testid="link-address"
      />
      <IconButton icon={Check} label={words.linkSet} tipSide="top" testId="link-set" onClick={done} />
      {given !== '' && (
        <>
          <IconButton
            icon={ExternalLink}
            label={words.linkOpen}
            tipSide="top"
            testId="link-open"
            onClick={() => openLink(given)}
          />
          <IconButton
            icon={Unlink}
            label={words.linkRemove}
            tipSide="top"
            testId="link-remove"
            onClick={() => {
              const writing = writingIn(editor).get()
              close()
              writing?.setLink(null, at)
            }}
          />
        </>
      )}
    </form>
  )
}

/** As people write addresses. */
function completed(text: string): string {
  const address = text.trim()
  if (address === '' || /^[a-z][a-z0-9+.-]*:/i.test(address)) return address
  return /^[^\s@/]+@[^\s@/]+\.[^\s@/]+$/.test(address) ? `mailto:${address}` : `https://${address}`
}
