/** The rows about the system itself and its people: log, health, ways to people, users, sessions, keys, deeds. */

import type { Instant, Role } from './types'

export interface LogLine {
  at: Instant | null
  level: string
  event?: string
  text: string
}

export interface Health {
  latency: Record<string, { text: string; text_en: string; count: number; p50: number; p99: number }> | null
  queues: Record<'control' | 'reports' | 'signals', number> | null
  clock_offset_ms: number | null
  /** By what it is known: the times that quotes bear. */
  clock_offset_source: string | null
  host_restarts: number | null
  turns: number | null
  journal_closed: string | null
  engine: { running: boolean; age_s: number | null; trouble: string | null }
  disk_free_bytes: number | null
  journal_bytes: number
  journal_trouble: string | null
  accounts: { account: string; name: string; link: string | null; link_text: string; condition: string | null; condition_text: string | null }[]
  quote_age_s: number | null
  panel: { memory_bytes: number | null; processor_s: number; clients: number; dropped: number }
}

export interface NotifyChannel {
  name: string
  kind: string
  variable: string
  importance: string
  accounts: string[]
  quiet: string
  language: string
  daily: boolean
  noon: boolean
  repeat: boolean
  waiting: number
  delivered: number
  given_up: number
  delivered_at: string | null
  tries: number
  /** While it has not worked since. */
  failed_at: string | null
  failed_why: string
}

export interface Person {
  user: string
  role: Role
  totp: boolean
  ready: boolean
  made_at: Instant
}

export interface OpenSession {
  id: string
  user: string
  address: string
  agent: string
  made_at: Instant
  used_at: Instant
  this: boolean
}

export interface ApiKey {
  id: string
  name: string
  prefix: string
  scopes: string[]
  doors: string[]
  accounts: string[]
  made_by: string
  made_at: Instant
  used_at: Instant | null
  revoked_at: Instant | null
}

export interface Deed {
  id: number
  at: Instant
  who: string
  address: string
  action: string
  about: Record<string, string>
  outcome: string
}
