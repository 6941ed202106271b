/** Signals and their life. */
import type { Pair } from '../words'

export default {
  'signals.find': ['内容、编号、来源', 'Text, id, sender'],
  'signals.seq': ['序号', 'No.'],
  'signals.received': ['收到', 'Received'],
  'signals.age': ['已过', 'Age'],
  'signals.door': ['通道', 'Door'],
  'signals.sender': ['来源', 'Sender'],
  'signals.decision': ['决定', 'Decision'],
  'signals.reason': ['理由与数字', 'Why, with figures'],
  'signals.made': ['委托 / 撤单', 'Orders / cancels'],
  'signals.text': ['内容', 'Message'],
  'signals.none': ['还没有信号', 'No signals yet'],
  'signals.noneMore': ['上游发来一句话，或在「手动发信号」里发一条，就会出现在这里。', 'A message from upstream, or one sent by hand, appears here.'],
  'signals.title': ['信号 {seq}', 'Signal {seq}'],
  'signals.life': ['从收到到结局', 'From receipt to its end'],
  'signals.step': ['每步耗时', 'Time of each hop'],
  'signals.total': ['全程 {ms} ms', '{ms} ms in all'],
  'signals.toSent': ['收到→发出 {ms} ms', 'received → sent {ms} ms'],
  'signals.note': ['成交按柜台的时刻，应答按收到的时刻，所以成交可能排在前面。', "Fills carry the broker's clock, answers the time they came: a fill may stand before its answer."],
  'signals.id': ['编号', 'Id'],
  'signals.noId': ['无编号', 'no id'],
  'signals.accounts': ['{n} 个账户', '{n} accounts'],
  'signals.unrecorded': ['时刻未记录', 'time not recorded'],
} as const satisfies Record<string, Pair>
