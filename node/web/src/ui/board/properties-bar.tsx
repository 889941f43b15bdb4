/** How the selection looks, or what is drawn next: a bar that keeps near what it changes. */

import {
  ALargeSmall,
  AlignCenter,
  AlignStartVertical,
  AlignLeft,
  AlignRight,
  ArrowDown,
  ArrowDownToLine,
  ArrowUp,
  ArrowUpToLine,
  Blend,
  Copy,
  Layers,
  LockOpen,
  Trash2,
} from 'lucide-react'
import type { LucideIcon } from 'lucide-react'
import type { CSSProperties, KeyboardEvent } from 'react'
import { useRef } from 'react'
import type { Editor, StyleSummary } from '../../core/editor-api'
import type { Align, Dash, StyleProps } from '../../core/elements/types'
import { Glyph } from '../parts/glyph'
import { IconButton } from '../parts/icon-button'
import { MenuButton } from '../parts/menu-button'
import { tipProps } from '../parts/tip'
import { strings } from '../strings'
import type { Theme } from '../theme'
import { useStore } from '../use-store'
import { actionEntry } from './action-entry'
import { alignEntries, flipEntries } from './align-menu'
import { editorStrings } from './editor-strings'
import { FormatPart } from './format-part'
import { FrameSizePart } from './frames/size-part'
import { HeadsPart } from './heads-part'
import { LinkField } from './link-field'
import type { ColorUse } from './palette'
import { colorName, cssColor, PALETTE_NAMES } from './palette'
import { Choice, Choices, Part } from './property-part'
import { lockEntry, styleEntries } from './selection-menu'
import { RoutePart } from './route-part'
import { shownShortcut } from './shown-keys'
import { ImageVerbs } from './images/image-verbs'
import { ShapePart } from './shape-picker'
import { usePlacement } from './use-placement'
import { useStyleSummary } from './use-style-summary'

const WIDTHS = [
  { value: 1, name: 'thin', line: 1.5 },
  { value: 2, name: 'medium', line: 2.5 },
  { value: 4, name: 'bold', line: 4 },
  { value: 8, name: 'heavy', line: 6.5 },
] as const
/** A highlighter's are so many times as wide. */
const HIGHLIGHTER_WIDTH = 5
const DASHES: readonly { readonly value: Dash; readonly array: string | undefined }[] = [
  { value: 'solid', array: undefined },
  { value: 'dashed', array: '6 4' },
  { value: 'dotted', array: '0 4.5' },
]
const FONT_SIZES = [
  { value: 16, name: 'small', text: 'S' },
  { value: 20, name: 'medium', text: 'M' },
  { value: 32, name: 'large', text: 'L' },
  { value: 48, name: 'huge', text: 'XL' },
] as const
const ALIGNS: readonly { readonly value: Align; readonly icon: LucideIcon }[] = [
  { value: 'left', icon: AlignLeft },
  { value: 'center', icon: AlignCenter },
  { value: 'right', icon: AlignRight },
]

interface PartProps {
  readonly editor: Editor
  readonly summary: StyleSummary
  readonly theme: Theme
}

export default function PropertiesBar({ editor, theme }: { editor: Editor; theme: Theme }) {
  const summary = useStyleSummary(editor)
  const readOnly = useStore(editor.state, (state) => state.readOnly)
  const busy = useStore(editor.state, (state) => state.gesture)
  const bar = useRef<HTMLDivElement>(null)
  const selected = summary.of === 'selection'
  const cropping = useStore(editor.state, (state) => state.cropping !== null)
  const shown = !readOnly && !cropping && summary.of !== 'nothing'
  usePlacement(editor, bar, shown && selected)
  if (!shown) return null

  const locked = summary.locked === 'all'
  const heads = locked ? null : summary.heads
  const route = locked ? null : summary.route
  const has = (key: keyof StyleProps) => !locked && summary.keys.includes(key)
  const parts = { editor, summary, theme }
  return (
    <div
      ref={bar}
      className={`island properties${selected ? '' : ' properties--docked'}${busy && selected ? ' properties--away' : ''}`}
      role="toolbar"
      aria-label={strings.properties.label}
      data-testid="properties"
      onMouseDown={(event) => {
        if (!(event.target instanceof HTMLInputElement)) event.preventDefault()
      }}
    >
      {!locked && <FrameSizePart editor={editor} summary={summary} />}
      {!locked && <ShapePart editor={editor} summary={summary} />}
      {has('fill') && <FillPart {...parts} />}
      {has('stroke') && <StrokePart {...parts} />}
      {route && <RoutePart editor={editor} route={route} />}
      {heads && <HeadsPart editor={editor} heads={heads} />}
      {has('font_size') && <TextPart {...parts} />}
      {!locked && selected && <ImageVerbs editor={editor} />}
      {has('font_size') && <FormatPart editor={editor} summary={summary} />}
      {has('opacity') && <OpacityPart {...parts} />}
      {selected && !locked && <SelectionVerbs editor={editor} />}
      {locked && <UnlockButton editor={editor} />}
      <LinkField editor={editor} />
    </div>
  )
}

/** All there is to do to what is locked. */
function UnlockButton({ editor }: { editor: Editor }) {
  return (
    <IconButton
      icon={LockOpen}
      label={editorStrings.lock.unlock}
      shortcut={shownShortcut('toggleLock')}
      tipSide="top"
      testId="unlock"
      onClick={() => editor.toggleLock()}
    />
  )
}

function SelectionVerbs({ editor }: { editor: Editor }) {
  const several = useStore(editor.state, (state) => state.selection.length > 1)
  return (
    <>
      <span className="divider" />
      {several && (
        <MenuButton
          icon={AlignStartVertical}
          label={editorStrings.align.label}
          placement="below"
          tipSide="top"
          testId="align"
          entries={() => alignEntries(editor)}
        />
      )}
      <MenuButton
        icon={Layers}
        label={strings.properties.order}
        placement="below"
        tipSide="top"
        testId="arrange"
        entries={() => [
          actionEntry(editor, 'toFront', { icon: ArrowUpToLine, testId: 'to-front' }),
          actionEntry(editor, 'forward', { icon: ArrowUp, testId: 'forward' }),
          actionEntry(editor, 'backward', { icon: ArrowDown, testId: 'backward' }),
          actionEntry(editor, 'toBack', { icon: ArrowDownToLine, testId: 'to-back' }),
          { kind: 'line' },
          ...flipEntries(editor),
          { kind: 'line' },
          ...styleEntries(editor),
          lockEntry(editor),
        ]}
      />
      <IconButton
        icon={Copy}
        label={strings.actions.duplicate}
        shortcut={shownShortcut('duplicate')}
        tipSide="top"
        testId="duplicate"
        onClick={() => editor.duplicate()}
      />
      <IconButton
        icon={Trash2}
        label={strings.actions.delete}
        shortcut={shownShortcut('delete')}
        tipSide="top"
        testId="delete"
        className="icon-button--danger"
        onClick={() => editor.deleteSelection()}
      />
    </>
  )
}

function FillPart({ editor, summary, theme }: PartProps) {
  const sticky = summary.types.length === 1 && summary.types[0] === 'sticky'
  const label = sticky ? strings.properties.sticky : strings.properties.fill
  const { fill } = summary.values
  return (
    <Part label={label} testId="prop-fill" face={<Swatch color={fill} use="fill" theme={theme} />}>
      <ColorGrid
        label={label}
        use="fill"
        value={fill}
        none={!sticky}
        theme={theme}
        onChoose={(color) => editor.setStyle({ fill: color })}
      />
    </Part>
  )
}

function StrokePart({ editor, summary, theme }: PartProps) {
  const words = strings.properties
  const { stroke, stroke_width: width, dash } = summary.values
  const none = summary.types.every((type) => type === 'shape')
  const times = summary.types.every((type) => type === 'highlighter') ? HIGHLIGHTER_WIDTH : 1
  return (
    <Part
      label={words.stroke}
      testId="prop-stroke"
      face={<Swatch color={stroke} use="stroke" theme={theme} />}
    >
      <ColorGrid
        label={words.stroke}
        use="stroke"
        value={stroke}
        none={none}
        theme={theme}
        onChoose={(color) => editor.setStyle({ stroke: color })}
      />
      <Choices label={words.width}>
        {WIDTHS.map((one) => (
          <Choice
            key={one.name}
            label={words.widths[one.name]}
            testId={`width-${one.value}`}
            chosen={width === one.value * times}
            onChoose={() => editor.setStyle({ stroke_width: one.value * times })}
          >
            <Sample width={one.line} />
          </Choice>
        ))}
      </Choices>
      {summary.keys.includes('dash') && (
        <Choices label={words.dash}>
          {DASHES.map((one) => (
            <Choice
              key={one.value}
              label={words.dashes[one.value]}
              testId={`dash-${one.value}`}
              chosen={dash === one.value}
              onChoose={() => editor.setStyle({ dash: one.value })}
            >
              <Sample width={2} dash={one.array} />
            </Choice>
          ))}
        </Choices>
      )}
    </Part>
  )
}

function TextPart({ editor, summary, theme }: PartProps) {
  const words = strings.properties
  const { font_size: size, align, text_color: color } = summary.values
  return (
    <Part label={words.fontSize} testId="prop-text" face={<Glyph icon={ALargeSmall} size={20} />}>
      <Choices label={words.fontSize}>
        {FONT_SIZES.map((one) => (
          <Choice
            key={one.name}
            label={words.fontSizes[one.name]}
            testId={`size-${one.name}`}
            chosen={size === one.value}
            onChoose={() => editor.setStyle({ font_size: one.value })}
          >
            {one.text}
          </Choice>
        ))}
      </Choices>
      <Choices label={words.align}>
        {ALIGNS.map((one) => (
          <Choice
            key={one.value}
            label={words.aligns[one.value]}
            testId={`align-${one.value}`}
            chosen={align === one.value}
            onChoose={() => editor.setStyle({ align: one.value })}
          >
            <Glyph icon={one.icon} size={16} />
          </Choice>
        ))}
      </Choices>
      <ColorGrid
        label={words.textColor}
        use="stroke"
        value={color ?? undefined}
        none={false}
        theme={theme}
        onChoose={(next) => editor.setStyle({ text_color: next })}
      />
    </Part>
  )
}

function OpacityPart({ editor, summary }: PartProps) {
  const label = strings.properties.opacity
  const percent = Math.round((summary.values.opacity ?? 1) * 100)
  return (
    <Part label={label} testId="prop-opacity" face={<Glyph icon={Blend} />}>
      <div className="opacity">
        <span className="panel__label">{label}</span>
        <output className="opacity__value">{percent}%</output>
        <input
          type="range"
          className="slider"
          min={10}
          max={100}
          step={5}
          defaultValue={percent}
          aria-label={label}
          data-testid="opacity"
          onChange={(event) => editor.setStyle({ opacity: Number(event.currentTarget.value) / 100 })}
        />
      </div>
    </Part>
  )
}

interface SwatchProps {
  readonly color: string | undefined
  readonly use: ColorUse
  readonly theme: Theme
}

function Swatch({ color, use, theme }: SwatchProps) {
  const kind = color === undefined ? ' swatch--mixed' : color === 'none' ? ' swatch--none' : ''
  return <span className={`swatch swatch--${use}${kind}`} style={swatchStyle(color, use, theme)} />
}

function swatchStyle(color: string | undefined, use: ColorUse, theme: Theme): CSSProperties | undefined {
  if (color === undefined || color === 'none') return undefined
  const style: CSSProperties & Record<'--swatch', string> = { '--swatch': cssColor(color, use, theme) }
  return style
}

interface ColorGridProps extends Omit<SwatchProps, 'color'> {
  readonly label: string
  readonly value: string | undefined
  readonly none: boolean
  readonly onChoose: (color: string) => void
}

function ColorGrid({ label, use, value, none, theme, onChoose }: ColorGridProps) {
  const names = none ? ['none', ...PALETTE_NAMES] : PALETTE_NAMES
  return (
    <div className="panel__section">
      <span className="panel__label">{label}</span>
      <div
        className={`colors${none ? ' colors--with-none' : ''}`}
        role="radiogroup"
        aria-label={label}
        onKeyDown={(event) => roveGrid(event, none ? 7 : 6)}
      >
        {names.map((name) => (
          <button
            key={name}
            type="button"
            role="radio"
            aria-checked={value === name}
            aria-label={colorName(name)}
            className="colors__one"
            data-testid={`color-${name}`}
            onClick={() => onChoose(name)}
            {...tipProps(colorName(name), { side: 'top' })}
          >
            <Swatch color={name} use={use} theme={theme} />
          </button>
        ))}
      </div>
    </div>
  )
}

function roveGrid(event: KeyboardEvent<HTMLElement>, columns: number): void {
  const steps: Readonly<Record<string, number>> = {
    ArrowRight: 1,
    ArrowLeft: -1,
    ArrowDown: columns,
    ArrowUp: -columns,
  }
  const step = steps[event.key]
  if (step === undefined) return
  const all = [...event.currentTarget.querySelectorAll<HTMLElement>('button')]
  all[all.findIndex((one) => one === document.activeElement) + step]?.focus()
  event.preventDefault()
}

function Sample({ width, dash }: { width: number; dash?: string | undefined }) {
  return (
    <svg width="24" height="16" viewBox="0 0 24 16" aria-hidden="true">
      <path
        d="M3 8h18"
        stroke="currentColor"
        strokeWidth={width}
        strokeDasharray={dash}
        strokeLinecap="round"
      />
    </svg>
  )
}
