/** What 对账, 日志, 运行状态, 设置 and 回测 ask of the mock: add readings and acts here. */

/** @param {{ market: object, reads: object, acts: object, whole: Function, tableOf: Function, refuse: Function }} mock */
export function more(mock) {
  void mock
}
