/** One clock for every age on the page: ticks twice a second, and not while nobody looks. */

import { ref } from 'vue'

export const now = ref(Date.now())

setInterval(() => {
  if (!document.hidden) now.value = Date.now()
}, 500)
document.addEventListener('visibilitychange', () => (now.value = Date.now()))
