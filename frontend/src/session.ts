/** Who is signed in; begins and ends the stream with it. */

import { ref, watch } from 'vue'
import { ApiError, get, post, signedOut, useToken } from './api'
import { lang } from './i18n'
import { session, store } from './store'
import { start, stop } from './stream'
import type { Session } from './types'

/** Why the page could not even ask who is signed in. */
export const trouble = ref('')

export function enter(found: Session): void {
  useToken(found)
  session.value = found
  if (found.state === 'in' && !found.totp_needed) start()
  else stop()
}

export async function look(): Promise<void> {
  try {
    const found = await get<Session>('session')
    trouble.value = ''
    if (found.language) lang.value = found.language
    enter(found)
  } catch (error) {
    trouble.value = error instanceof ApiError ? error.text : String(error)
    setTimeout(() => void look(), 2000)
  }
}

export async function leave(): Promise<void> {
  await post('logout').catch(() => undefined)
  store.loaded = false
  enter({ state: 'login' })
}

watch(signedOut, () => {
  if (session.value?.state === 'in') enter({ state: 'login' })
})
