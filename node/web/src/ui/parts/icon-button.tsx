import type { LucideIcon } from 'lucide-react'
import type { ButtonHTMLAttributes, Ref } from 'react'
import { Glyph } from './glyph'
import type { TipSide } from './tip'
import { tipProps } from './tip'

export type IconButtonProps = Omit<ButtonHTMLAttributes<HTMLButtonElement>, 'children' | 'type'> & {
  readonly icon: LucideIcon
  /** Name for assistive technology and tooltip. */
  readonly label: string
  /** The shortcut, as shown in the tooltip. */
  readonly shortcut?: string | undefined
  readonly tipSide?: TipSide
  readonly size?: 'small' | 'regular'
  readonly testId?: string
  readonly ref?: Ref<HTMLButtonElement>
}

export function IconButton({
  icon,
  label,
  shortcut,
  tipSide,
  size = 'regular',
  testId,
  className,
  ...rest
}: IconButtonProps) {
  const small = size === 'small'
  return (
    <button
      type="button"
      aria-label={label}
      data-testid={testId}
      className={`icon-button${small ? ' icon-button--small' : ''}${className === undefined ? '' : ` ${className}`}`}
      {...tipProps(label, { shortcut, side: tipSide })}
      {...rest}
    >
      <Glyph icon={icon} size={small ? 16 : 18} />
    </button>
  )
}
