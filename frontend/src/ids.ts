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
  if (!body || body.startsWith('<') || body.startsWith('[')) return line
  if (!body.startsWith('{')) return /[#＃]/.test(body) ? line : `${body} #${id}`
  try {
    const told = JSON.parse(body) as Record<string, unknown>
    return 'id' in told || told['type'] === 'trade_signal' ? line : JSON.stringify({ ...told, id })
  } catch {
    return line // The engine says what is wrong with it.
  }
}
