/** How the page looks to this person: theme, colour of gains, language and width of the rail, kept in the browser. */

import { computed, reactive, watchEffect } from 'vue'

export type ThemeChoice = 'dark' | 'light' | 'system'
export type GainColour = 'red' | 'green'

const KEPT = 'qmt-look'

interface Look {
  theme: ThemeChoice
  gain: GainColour
  narrow: boolean
}

function kept(): Look {
  const look: Look = { theme: 'system', gain: 'red', narrow: false }
  try {
    const found = JSON.parse(localStorage.getItem(KEPT) ?? '{}') as Partial<Look>
    if (found.theme === 'dark' || found.theme === 'light') look.theme = found.theme
    if (found.gain === 'green') look.gain = 'green'
    look.narrow = found.narrow === true
  } catch {
    // A browser that keeps nothing shows the page as it comes.
  }
  return look
}

export const look = reactive<Look>(kept())
const system = matchMedia('(prefers-color-scheme: light)')
const systemIs = reactive({ light: system.matches })
system.addEventListener('change', () => (systemIs.light = system.matches))

export const theme = computed<'dark' | 'light'>(() =>
  look.theme === 'system' ? (systemIs.light ? 'light' : 'dark') : look.theme,
)

watchEffect(() => {
  const root = document.documentElement
  root.dataset['theme'] = theme.value
  root.dataset['up'] = look.gain
  root.style.colorScheme = theme.value
  document.querySelector('meta[name=theme-color]')?.setAttribute('content', theme.value === 'dark' ? '#0b0e14' : '#f3f5f9')
  try {
    localStorage.setItem(KEPT, JSON.stringify(look))
  } catch {
    // Shown all the same.
  }
})

/** Colour of a token as it stands now, for what is painted on a canvas. */
export const token = (name: string): string => getComputedStyle(document.documentElement).getPropertyValue(name).trim()
