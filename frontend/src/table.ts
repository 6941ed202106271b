/** What a column of a table is: AG Grid knows nothing of languages, tones and second lines. */

import type { Key } from './i18n'
import type { Tone } from './tones'

export interface Column<T> {
  key: string
  title: Key
  width?: number
  flex?: number
  numeric?: boolean
  text(row: T): string
  /** A second, quieter line. */
  below?(row: T): string
  tone?(row: T): Tone | 'quiet' | ''
  /** Drawn as a tag in its tone. */
  tag?: boolean
  /** A button of this name; nothing where it is empty. `act` is told. */
  button?(row: T): string
  /** Name of the button for those who do not see the row; by default its text. */
  buttonName?(row: T): string
  /** What the rows are sorted by in the browser; `true`: the server sorts by the column's key. */
  sort?: true | ((row: T) => string | number)
  flash?: boolean
}

export interface Wanted {
  offset: number
  limit: number
  sort: string
}
