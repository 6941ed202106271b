/** The pages, each in a file of its own that is fetched when it is first opened. */

import { createRouter, createWebHashHistory, type RouteRecordRaw } from 'vue-router'
import type { IconName } from './components/Icon.vue'
import type { Key } from './i18n'

export interface Page {
  path: string
  title: Key
  icon: IconName
  group: 'trade' | 'control' | 'system'
}

/** In the order of the rail. */
export const pages = [
  { path: '/overview', title: 'nav.overview', icon: 'overview', group: 'trade' },
  { path: '/signals', title: 'nav.signals', icon: 'signals', group: 'trade' },
  { path: '/orders', title: 'nav.orders', icon: 'orders', group: 'trade' },
  { path: '/fills', title: 'nav.fills', icon: 'fills', group: 'trade' },
  { path: '/positions', title: 'nav.positions', icon: 'positions', group: 'trade' },
  { path: '/risk', title: 'nav.risk', icon: 'risk', group: 'control' },
  { path: '/reconcile', title: 'nav.reconcile', icon: 'reconcile', group: 'control' },
  { path: '/send', title: 'nav.send', icon: 'send', group: 'control' },
  { path: '/backtests', title: 'nav.backtests', icon: 'backtests', group: 'system' },
  { path: '/logs', title: 'nav.logs', icon: 'logs', group: 'system' },
  { path: '/health', title: 'nav.health', icon: 'health', group: 'system' },
  { path: '/settings', title: 'nav.settings', icon: 'settings', group: 'system' },
] as const satisfies Page[]

const files = {
  '/overview': () => import('./pages/OverviewPage.vue'),
  '/signals': () => import('./pages/SignalsPage.vue'),
  '/orders': () => import('./pages/OrdersPage.vue'),
  '/fills': () => import('./pages/FillsPage.vue'),
  '/positions': () => import('./pages/PositionsPage.vue'),
  '/risk': () => import('./pages/RiskPage.vue'),
  '/reconcile': () => import('./pages/ReconcilePage.vue'),
  '/send': () => import('./pages/SendPage.vue'),
  '/backtests': () => import('./pages/BacktestsPage.vue'),
  '/logs': () => import('./pages/LogsPage.vue'),
  '/health': () => import('./pages/HealthPage.vue'),
  '/settings': () => import('./pages/SettingsPage.vue'),
} satisfies Record<(typeof pages)[number]['path'], () => Promise<unknown>>

const routes: RouteRecordRaw[] = [
  ...pages.map(({ path, title }) => ({ path, component: files[path], meta: { title } })),
  // Signed out there is no page: App shows the door itself, and the token stays in the address for it.
  { path: '/setup', component: { render: () => null }, meta: { title: 'setup.title' } },
  { path: '/:rest(.*)*', redirect: '/overview' },
]

export const router = createRouter({ history: createWebHashHistory(), routes })

declare module 'vue-router' {
  interface RouteMeta {
    title: Key
  }
}
