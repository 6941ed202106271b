/** Short words that tell what has just been done; a failure stays until it is closed. */

import { ref } from 'vue'
import { ApiError } from './api'
import { t } from './i18n'

export interface Toast {
  id: number
  text: string
  kind: 'good' | 'bad'
}

const SHOWN_MS = 4000
export const toasts = ref<Toast[]>([])
let last = 0

export function say(text: string, kind: Toast['kind'] = 'good'): void {
  const toast = { id: (last += 1), text, kind }
  toasts.value = [...toasts.value.slice(-3), toast]
  if (kind === 'good') setTimeout(() => drop(toast.id), SHOWN_MS)
}

export function drop(id: number): void {
  toasts.value = toasts.value.filter((each) => each.id !== id)
}

/** Runs `work` and tells its failure; true when it is done. */
export async function attempt(work: () => Promise<unknown>, done?: string): Promise<boolean> {
  try {
    await work()
    if (done) say(done)
    return true
  } catch (error) {
    say(error instanceof ApiError ? error.text : t('say.failed'), 'bad')
    return false
  }
}
