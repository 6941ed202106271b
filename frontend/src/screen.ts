/** Whether the page stands on a phone. */

import { ref } from 'vue'

const narrow = matchMedia('(max-width: 720px)')
export const phone = ref(narrow.matches)
narrow.addEventListener('change', (event) => (phone.value = event.matches))
