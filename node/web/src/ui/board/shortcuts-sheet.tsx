import { Dialog } from '../parts/dialog'
import { strings } from '../strings'
import { shortcutGroups } from './shortcut-groups'

export default function ShortcutsSheet({ onClose }: { onClose: () => void }) {
  return (
    <Dialog title={strings.help.title} testId="shortcuts" onClose={onClose}>
      {/* It scrolls: arrows must be able to reach what is further down. */}
      <div className="shortcuts" role="region" aria-label={strings.help.title} tabIndex={0}>
        {shortcutGroups().map((group) => (
          <section key={group.title} className="shortcuts__group">
            <h3 className="shortcuts__title">{group.title}</h3>
            <dl>
              {group.rows.map((row) => (
                <div key={row.label} className="shortcuts__row">
                  <dt>{row.label}</dt>
                  <dd>
                    {row.keys.map((key) => (
                      <kbd key={key} className="key">
                        {key}
                      </kbd>
                    ))}
                  </dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Dialog>
  )
}
