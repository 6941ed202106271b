/** How often this page has done what the audit tells of: whoever shows the audit asks for it again then. */

import { ref } from 'vue'

export const noted = ref(0)
export const note = (): void => void (noted.value += 1)
