/** Words of 对账, 日志, 运行状态, 设置, 回测 and 手动发信号. */
import type { Pair } from '../words'

export default {
  'reconcile.title': ['对账', 'Reconcile'],
} as const satisfies Record<string, Pair>
