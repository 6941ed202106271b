'use strict';
(() => {
  // The panel tells its theme, language and colours behind the address; a page opened alone keeps the reader's own.
  const root = document.documentElement;
  const english = document.getElementById('en');
  const speak = () => { root.lang = english.checked ? 'en' : 'zh-CN'; };
  const obey = () => {
    const asked = new URLSearchParams(location.hash.slice(1));
    if (asked.has('theme')) root.dataset.theme = asked.get('theme');
    for (const [box, name, on] of [['en', 'lang', 'en'], ['green', 'up', 'green']]) {
      if (asked.has(name)) document.getElementById(box).checked = asked.get(name) === on;
    }
    speak();
  };
  english.addEventListener('change', speak);
  window.addEventListener('hashchange', obey);
  obey();
  // A table wider than its place is scrolled by keyboard too.
  const reach = () => {
    for (const box of document.querySelectorAll('.wide')) {
      if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
      else box.removeAttribute('tabindex');
    }
  };
  window.addEventListener('resize', reach);
  reach();
  const WORDS = {
    equity: ['策略', 'Strategy'], benchmark: ['基准', 'Benchmark'], excess: ['超额', 'Excess'], depth: ['回撤', 'Drawdown'],
    exposure: ['仓位', 'Exposure'], holdings: ['持股数', 'Symbols'], gained: ['收益', 'Return'],
    volatility: ['波动率', 'Volatility'], sharpe: ['夏普', 'Sharpe'], beta: ['贝塔', 'Beta'],
    open: ['开', 'Open'], high: ['高', 'High'], low: ['低', 'Low'], close: ['收', 'Close'],
  };
  const PLAIN = new Set(['sharpe', 'beta']);
  const SIGNED = new Set(['equity', 'benchmark', 'excess', 'gained']);
  const told = JSON.parse(document.getElementById('columns').textContent);
  let at = 0;
  const days = told.days.map((step) => new Date((at += step) * 86400000).toISOString().slice(0, 10));
  const minus = (text) => text.replace('-', '\u2212');
  const shown = (name, value) => {
    if (value === null || value === undefined) return '–';
    if (name === 'holdings') return String(value);
    if (PLAIN.has(name)) return minus((value / 10000).toFixed(2));
    return (SIGNED.has(name) && value > 0 ? '+' : '') + minus((value / 100).toFixed(2)) + '%';
  };
  const word = (name) => WORDS[name][english.checked ? 1 : 0];

  const follow = (stack, plot, size, told) => {
    const cross = document.createElement('div');
    cross.className = 'cross';
    cross.hidden = true;
    const tip = document.createElement('div');
    tip.className = 'tip';
    cross.append(tip);
    stack.append(cross);
    stack.addEventListener('pointerleave', () => { cross.hidden = true; });
    stack.addEventListener('pointermove', (event) => {
      const box = plot.getBoundingClientRect();
      const share = (event.clientX - box.left) / box.width;
      if (share < 0 || share > 1 || size < 1) { cross.hidden = true; return; }
      const [place, head, rows] = told(share);
      cross.hidden = false;
      cross.style.left = place * box.width + 'px';
      tip.classList.toggle('left', place > 0.6);
      tip.replaceChildren(Object.assign(document.createElement('b'), { textContent: head }));
      for (const [name, text] of rows) {
        const line = document.createElement('span');
        line.append(Object.assign(document.createElement('em'), { textContent: word(name) }), text);
        tip.append(line);
      }
    });
  };
  for (const chart of document.querySelectorAll('.chart[data-hover]')) {
    const names = chart.dataset.hover.split(' ').filter((name) => told.columns[name]);
    follow(chart.querySelector('.stack'), chart.querySelector('.plot'), days.length, (share) => {
      const row = Math.round(share * (days.length - 1));
      return [row / Math.max(days.length - 1, 1), days[row], names.map((name) => [name, shown(name, told.columns[name][row])])];
    });
  }
  for (const chart of document.querySelectorAll('.chart.candles')) {
    const candles = JSON.parse(chart.querySelector('[data-candles]').dataset.candles);
    follow(chart.querySelector('.stack'), chart.querySelector('.plot'), candles.length, (share) => {
      const row = Math.min(Math.floor(share * candles.length), candles.length - 1);
      const [head, ...values] = candles[row];
      const rows = ['open', 'high', 'low', 'close'].map((name, place) => [name, values[place].toFixed(2)]);
      return [(row + 0.5) / candles.length, head, rows];
    });
  }
})();
