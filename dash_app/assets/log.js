/* The log of a run on its page: lines as text, hidden below a level, found by words. */
window.dash_clientside = window.dash_clientside || {};

(function () {
  "use strict";

  const MOST_LINES = 2000;
  const RANK = { debug: 0, info: 1, warning: 2, error: 3 };
  const view = { level: "info", follow: true, wanted: null, hits: [], at: -1, waiting: [] };

  function box() {
    return document.getElementById("monitor-log");
  }

  function part(name, text) {
    const span = document.createElement("span");
    span.className = "log-" + name;
    span.textContent = text;
    return span;
  }

  function rowOf(line) {
    const level = line.level in RANK ? line.level : "info";
    const row = document.createElement("div");
    row.className = "log-line log-" + level;
    row.dataset.level = level;
    const moment = new Date(line.time * 1000);
    row.append(
      part("time", moment.toLocaleTimeString([], { hour12: false })),
      part("level", level),
      part("text", line.message));
    row.firstChild.title = moment.toLocaleString();
    return row;
  }

  /* Lines that come together are laid out together: the log of a long run comes at once. */
  function add(line) {
    view.waiting.push(line);
    if (view.waiting.length === 1) requestAnimationFrame(flush);
  }

  function flush() {
    const lines = view.waiting.splice(0);
    const log = box();
    if (!log) return;
    const rows = lines.slice(-MOST_LINES).map(rowOf);
    rows.forEach(show);
    log.append(...rows);
    while (log.childElementCount > MOST_LINES) log.firstElementChild.remove();
    if (view.wanted) count();
    if (view.follow) log.scrollTop = log.scrollHeight;
  }

  function show(row) {
    row.hidden = RANK[row.dataset.level] < RANK[view.level];
    mark(row.lastChild);
  }

  /* The text is split at what was found; nothing is ever read as markup. */
  function mark(place) {
    if (place.marked === view.wanted) return;
    place.marked = view.wanted;
    const text = place.textContent;
    const found = view.wanted ? [...text.matchAll(view.wanted)] : [];
    if (!found.length && !place.childElementCount) return;
    let from = 0;
    const parts = [];
    found.forEach((hit) => {
      const piece = document.createElement("mark");
      piece.textContent = hit[0];
      parts.push(text.slice(from, hit.index), piece);
      from = hit.index + hit[0].length;
    });
    place.replaceChildren(...parts, text.slice(from));
  }

  function literal(words) {
    const escaped = words.replace(/[\^$\\.*+?()[\]{}|/]/g, "\\$&");
    return words ? new RegExp(escaped, "giu") : null;
  }

  function refresh() {
    const log = box();
    if (!log) return;
    for (const row of log.children) show(row);
    if (view.follow) log.scrollTop = log.scrollHeight;
  }

  function gather() {
    const current = view.hits[view.at];
    view.hits = [...box().querySelectorAll(".log-line:not([hidden]) mark")];
    view.at = view.hits.indexOf(current);
  }

  function words() {
    if (!view.wanted) return "";
    if (!view.hits.length) return "none found";
    if (view.at < 0) return view.hits.length + " found";
    return view.at + 1 + " of " + view.hits.length;
  }

  function count() {
    gather();
    window.dash_clientside.set_props("monitor-log-count", { children: words() });
  }

  function step(direction) {
    gather();
    if (!view.hits.length) return;
    const none = direction > 0 ? -1 : 0;
    const from = view.at < 0 ? none : view.at;
    view.at = (from + direction + view.hits.length) % view.hits.length;
    view.hits.forEach((hit, index) => hit.classList.toggle("log-here", index === view.at));
    unfollow();
    reveal(view.hits[view.at]);
  }

  /* Only the log scrolls, never the page. */
  function reveal(hit) {
    const log = box();
    const place = hit.getBoundingClientRect();
    const frame = log.getBoundingClientRect();
    if (place.top < frame.top || place.bottom > frame.bottom) {
      log.scrollTop += place.top - frame.top - frame.height / 2;
    }
  }

  function unfollow() {
    if (!view.follow) return;
    view.follow = false;
    window.dash_clientside.set_props("monitor-follow", { checked: false });
  }

  /* Who scrolls up reads: the newest line must not pull the log away. */
  function leftEnd(event) {
    const log = event.target.closest && event.target.closest("#monitor-log");
    if (!log || !view.follow) return;
    requestAnimationFrame(() => {
      if (log.scrollHeight - log.scrollTop - log.clientHeight > 40) unfollow();
    });
  }

  ["wheel", "touchmove", "keyup"].forEach((name) => document.addEventListener(name, leftEnd, { passive: true }));

  document.addEventListener("keydown", (event) => {
    if (event.target.id !== "monitor-log-search" || event.key !== "Enter") return;
    event.preventDefault();
    step(event.shiftKey ? -1 : 1);
    window.dash_clientside.set_props("monitor-log-count", { children: words() });
  });

  window.dash_clientside.log = {
    add: add,

    setView: function (level, follow) {
      view.level = level || "info";
      view.follow = Boolean(follow);
      refresh();
      if (view.wanted && box()) count();
      return view.level;
    },

    search: function (text) {
      const trigger = (window.dash_clientside.callback_context.triggered[0] || {}).prop_id || "";
      if (!box()) return "";
      if (trigger === "monitor-log-next.n_clicks") step(1);
      else if (trigger === "monitor-log-previous.n_clicks") step(-1);
      else {
        view.wanted = literal((text || "").trim());
        view.hits = [];
        refresh();
        gather();
      }
      return words();
    },
  };
})();
