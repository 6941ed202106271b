/** Ids of what is sent by hand: made once for what a person means, so that a second press carries out nothing twice. */

const LETTERS = 'abcdefghijkmnpqrstuvwxyz23456789'

/** An id that nobody has used, of letters that the engine takes. */
export function fresh(): string {
  const drawn = crypto.getRandomValues(new Uint8Array(12))
  return `panel/${Array.from(drawn, (byte) => LETTERS[byte % LETTERS.length]).join('')}`
}

/** The lines of `text`, each with an id: its own, else one made of `once` and its place. Angle messages have none to give. */
export function named(text: string, once: string): string {
  const lines = isJson(text) ? [text.trim().replace(/\s*\n\s*/g, ' ')] : text.split('\n')
  return lines.map((line, place) => withId(line, `${once}-${place + 1}`)).join('\n')
}

function isJson(text: string): boolean {
  try {
    return typeof JSON.parse(text) === 'object'
  } catch {
    return false
  }
}

function withId(line: string, id: string): string {
  const body = line.trim()
  if (!body || body.startsWith('<')) return line
  if (!body.startsWith('{') && !body.startsWith('[')) return /[#＃]/.test(body) ? line : `${body} #${id}`
  try {
    return withMember(JSON.parse(body), body, id) ?? line
  } catch {
    return line // The engine says what is wrong with it.
  }
}

/** `body` with the id in its first object: a basket has one id. Nothing where it has one already, or no place for it. */
function withMember(told: unknown, body: string, id: string): string | undefined {
  const members = (Array.isArray(told) ? told : [told]) as unknown[]
  const first = members[0]
  if (!isObject(first) || first['type'] === 'trade_signal' || members.some((each) => isObject(each) && 'id' in each)) return undefined
  // Into the text as it stands: every figure stays as it was written.
  return body.replace('{', `{"id":"${id}"${Object.keys(first).length ? ',' : ''}`)
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value)
