// The console's little JavaScript: what it adds is tips, copying, live updates and the arrow keys. Without it every page works.
'use strict';

const all = (selector, under = document) => [...under.querySelectorAll(selector)];

// Words that do not fit their bar are left out; the tip has all of them.
function fit() {
  for (const text of all('.label > text')) {
    text.dataset.all ??= text.textContent;
    const whole = text.dataset.all;
    const room = text.parentNode.width.baseVal.value - 5;
    text.textContent = whole;
    const length = text.getComputedTextLength();
    if (length <= room) continue;
    const words = whole.slice(0, Math.floor((room / length) * whole.length) + 1).split(/\s+/);
    do {
      words.pop();
      text.textContent = words.join(' ').replace(/[\s\u00b7]+$/, '');
    } while (words.length && text.getComputedTextLength() > room);
  }
}

// Tips: on hover and on focus, and held by a tap, which would otherwise leave the page before anything was read.
const tip = document.getElementById('tip');
let held = null;

function show(bar, hold) {
  const title = bar.querySelector('title');
  tip.textContent = bar.dataset.tip || (title ? title.textContent : '');
  if (hold) {
    const more = document.createElement('a');
    more.href = bar.getAttribute('href');
    more.textContent = bar.classList.contains('event') ? tip.dataset.event : tip.dataset.why;
    tip.append(' ', more);
  }
  tip.classList.toggle('held', hold);
  tip.hidden = false;
  const at = bar.getBoundingClientRect();
  const left = Math.min(Math.max(8, at.left), document.documentElement.clientWidth - tip.offsetWidth - 8);
  const above = at.top - tip.offsetHeight - 8;
  tip.style.left = `${left + scrollX}px`;
  tip.style.top = `${(above > 4 ? above : at.bottom + 8) + scrollY}px`;
  held = hold ? bar : null;
}

function hide() {
  tip.hidden = true;
  held = null;
}

// The browser's own tip would stand over ours.
function ownTips() {
  for (const bar of all('.pic .bar')) {
    const title = bar.querySelector('title');
    if (!title) continue;
    bar.dataset.tip = title.textContent;
    bar.setAttribute('aria-label', title.textContent);
    title.remove();
  }
}

let touched = false;
document.addEventListener('pointerdown', (e) => { touched = e.pointerType === 'touch'; });
document.addEventListener('pointerover', (e) => {
  const bar = e.target.closest && e.target.closest('.pic .bar');
  if (e.pointerType === 'mouse') bar ? show(bar, false) : held || hide();
});
document.addEventListener('focusin', (e) => { if (e.target.matches('.pic .bar') && !touched) show(e.target, false); });
document.addEventListener('focusout', (e) => { if (e.target.matches('.pic .bar') && !held) hide(); });
document.addEventListener('click', (e) => {
  const bar = e.target.closest('.pic .bar');
  if (bar && touched && held !== bar) {
    e.preventDefault();
    show(bar, true);
  } else if (!bar && !tip.contains(e.target)) hide();
});

// Arrow keys move among the bars of a picture, so that tab passes it in one step.
function roving() {
  for (const pic of all('.pic')) all('a', pic).forEach((bar, i) => bar.setAttribute('tabindex', i ? '-1' : '0'));
}

document.addEventListener('keydown', (e) => {
  if (e.key === 'Escape') hide();
  if (e.key === '/' && !e.target.closest('input, textarea')) {
    const search = document.getElementById('q');
    if (search) {
      e.preventDefault();
      search.focus();
    }
  }
  const bar = e.target.closest && e.target.closest('.pic a');
  const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[e.key];
  if (!bar || !step) return;
  e.preventDefault();
  const bars = all('a', bar.closest('.pic'));
  const next = bars[bars.indexOf(bar) + step];
  if (!next) return;
  bar.setAttribute('tabindex', '-1');
  next.setAttribute('tabindex', '0');
  next.focus();
});

// Copy buttons.
for (const button of all('button[data-copy]')) {
  button.hidden = false;
  button.addEventListener('click', async () => {
    const from = document.getElementById(button.dataset.copy);
    const before = button.textContent;
    let said = button.dataset.copied;
    try {
      await navigator.clipboard.writeText(from.textContent);
    } catch { // no permission, or no secure context
      getSelection().selectAllChildren(from);
      said = document.execCommand('copy') ? button.dataset.copied : button.dataset.selected;
    }
    button.textContent = said;
    setTimeout(() => { button.textContent = before; }, 1500);
  });
}

// Live: the page is asked for again, and its live parts are put in place of the old ones.
let asking = null;
const was = new Map(); // by id: what stands in a live part
async function renew(address = location.href) {
  if (asking) asking.abort();
  asking = new AbortController();
  let page;
  try {
    const answer = await fetch(address, { signal: asking.signal, headers: { Accept: 'text/html' } });
    page = new DOMParser().parseFromString(await answer.text(), 'text/html');
    if (!answer.ok) return;
  } catch {
    return;
  }
  for (const old of all('[data-live]')) {
    const fresh = page.getElementById(old.id);
    if (!fresh || old.contains(document.activeElement)) continue;
    const text = fresh.innerHTML;
    if (was.get(old.id) === text) continue;
    was.set(old.id, text);
    const opened = new Set(all('details[open]', old).map((d) => d.textContent));
    old.replaceChildren(...fresh.childNodes);
    for (const d of all('details', old)) if (opened.has(d.textContent)) d.open = true;
  }
  const nav = page.querySelector('.top nav');
  if (nav && !document.querySelector('.top nav').contains(document.activeElement)) document.querySelector('.top nav').replaceWith(nav);
  dress();
  plan();
}

// The next change that the page shows, at the moment when it comes.
let planned = 0;
function plan() {
  clearTimeout(planned);
  const next = Math.min(...all('[data-until]').map((e) => Date.parse(e.dataset.until) - Date.now()).filter((ms) => ms > 0), 60000);
  planned = setTimeout(() => (document.hidden ? plan() : renew()), next + 1000);
}

// Whoever looks listens. A browser allows a server six connections, so that pages in the background must not hold one each.
const live = document.getElementById('live');
let events = null;
let again = 0; // the timer of the next try
let tries = 0; // since it was heard last
let missed = false; // what changed meanwhile, if anything did
function listen() {
  const say = (on) => {
    live.hidden = false;
    live.classList.toggle('off', !on);
    live.textContent = on ? live.dataset.connected : live.dataset.lost;
    live.title = on ? '' : live.dataset.why;
  };
  clearTimeout(again);
  if (events) events.close();
  const own = new EventSource('/api/v1/events');
  events = own;
  own.onopen = () => {
    say(true);
    if (missed) renew();
    tries = 0;
    missed = false;
  };
  own.onerror = () => {
    say(false);
    missed = true;
    if (own.readyState !== EventSource.CLOSED || events !== own) return; // the browser tries again by itself
    // It was refused: too many listen, or somebody else has to log in. From ten seconds to five minutes, not all at once.
    const pause = Math.min(10000 * 2 ** tries, 300000);
    tries += 1;
    again = setTimeout(listen, pause * (0.75 + Math.random() / 2));
  };
  own.addEventListener('changed', () => renew());
}
function attend() {
  if (document.hidden) {
    clearTimeout(again);
    if (events) events.close();
    events = null;
  } else if (!events) {
    listen();
    renew();
  }
}

// Searching while one types.
for (const form of all('form[data-search]')) {
  let waiting = 0;
  const input = form.querySelector('input[type=search]');
  input.addEventListener('input', () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => {
      const asked = new URLSearchParams(new FormData(form));
      if (!asked.get('q')) asked.delete('q');
      const address = form.getAttribute('action') + (asked.size ? `?${asked}` : '');
      history.replaceState(null, '', address);
      renew(address);
    }, 200);
  });
}

// Names of routes while one types.
for (const input of all('input[data-suggest]')) {
  const list = document.getElementById(input.getAttribute('list'));
  let waiting = 0;
  const suggest = () => {
    clearTimeout(waiting);
    waiting = setTimeout(async () => {
      try {
        const answer = await fetch(`/api/v1/routes?limit=20&q=${encodeURIComponent(input.value)}`);
        const found = await answer.json();
        list.replaceChildren(...found.routes.map((r) => Object.assign(document.createElement('option'), { value: r.route })));
      } catch { /* typing goes on without */ }
    }, 150);
  };
  input.addEventListener('input', suggest);
  input.addEventListener('focus', suggest, { once: true });
}

function dress() {
  ownTips();
  roving();
  fit();
}
dress();
if (document.querySelector('[data-again]')) setTimeout(() => location.reload(), 2000);
let resizing = 0;
addEventListener('resize', () => {
  clearTimeout(resizing);
  resizing = setTimeout(fit, 100);
});
if (location.hash) {
  const target = document.getElementById(location.hash.slice(1));
  if (target && target.tagName === 'DETAILS') target.open = true;
}
if (document.querySelector('[data-live]')) {
  if (!document.hidden) listen();
  document.addEventListener('visibilitychange', attend);
  addEventListener('pagehide', () => events && events.close());
  plan();
}
