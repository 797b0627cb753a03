/* The bell: one cheap poll in every open page feeds its count, its list, toasts and, when allowed,
   the browser's own notifications. All text is put in as text. */
window.dash_clientside = window.dash_clientside || {};

(function () {
  "use strict";

  const EVERY_MS = 4000;
  const HIDDEN_MS = 15000;
  const MOST_TOASTS = 3;
  const TOAST_MS = 8000;
  const WISH = "signalbench-notify";
  const TOASTED = "signalbench-toasted";
  const TOLD = "signalbench-told";
  const ICONS = { info: "info-circle", success: "check-circle", warning: "exclamation-triangle", error: "x-octagon" };
  const COLOURS = { info: "blue", success: "teal", warning: "orange", error: "red" };
  const state = { tag: "", items: [], unread: 0, total: 0, timer: 0 };

  const byId = (id) => document.getElementById(id);
  const isOpen = () => Boolean(byId("shell-bell-panel")) && !byId("shell-bell-panel").hidden;

  async function look() {
    clearTimeout(state.timer);
    try {
      const headers = state.tag ? { "If-None-Match": state.tag } : {};
      const answer = await fetch("/api/notifications", { headers: headers, cache: "no-store" });
      if (answer.status === 200) take(await answer.json(), answer.headers.get("ETag") || "");
    } catch {
      /* The bench is away or starts again; the banner says so, and the next look will tell. */
    }
    clearTimeout(state.timer);
    state.timer = setTimeout(look, document.hidden ? HIDDEN_MS : EVERY_MS);
    if (isOpen()) retime();
  }

  function take(news, tag) {
    if (!byId("shell-bell")) return;
    Object.assign(state, { items: news.items, unread: news.unread, total: news.total, tag: tag });
    draw();
    tell(news.items);
  }

  /* What is new since this tab last looked is shown as a toast, over reloads too. */
  function tell(items) {
    const newest = items.reduce((most, item) => Math.max(most, item.id), 0);
    const before = sessionStorage.getItem(TOASTED);
    sessionStorage.setItem(TOASTED, String(Math.max(newest, Number(before || 0))));
    if (before === null) return;
    const fresh = items.filter((item) => item.id > Number(before) && !item.read).reverse();
    if (!fresh.length) return;
    const shown = fresh.slice(-MOST_TOASTS).map(toast);
    if (fresh.length > MOST_TOASTS) {
      shown.unshift(toast({ id: "more-" + newest, level: "info", message: "The bell lists them all.",
        title: fresh.length - MOST_TOASTS + " more notifications" }));
    }
    window.dash_clientside.set_props("shell-notifications", { sendNotifications: shown });
    fresh.forEach(notifyBrowser);
  }

  function toast(item) {
    return { action: "show", id: "bell-" + item.id, title: item.title, message: withLink(item),
      color: COLOURS[item.level] || "blue", autoClose: TOAST_MS };
  }

  function withLink(item) {
    if (!item.href) return item.message;
    const link = component("dash_core_components", "Link", { children: "Open", href: item.href });
    const words = component("dash_html_components", "Div", { children: item.message });
    return component("dash_html_components", "Div", { children: [words, link] });
  }

  function component(namespace, type, props) {
    return { namespace: namespace, type: type, props: props };
  }

  /* Of several open tabs only the first tells; the tag makes the browser drop the others'. */
  function notifyBrowser(item) {
    if (!wished() || !document.hidden || item.id <= Number(localStorage.getItem(TOLD) || 0)) return;
    localStorage.setItem(TOLD, String(item.id));
    const note = new Notification(item.title, { body: item.message, tag: "signalbench-" + item.id });
    note.onclick = () => { window.focus(); note.close(); if (item.href) visit(item.href); };
  }

  function wished() {
    return "Notification" in window && Notification.permission === "granted" && localStorage.getItem(WISH) === "yes";
  }

  function draw() {
    const bell = byId("shell-bell");
    const count = byId("shell-bell-count");
    if (!bell || !count) return;
    count.textContent = state.unread > 99 ? "99+" : state.unread ? String(state.unread) : "";
    bell.setAttribute("aria-label", state.unread ? "Notifications, " + state.unread + " unread" : "Notifications");
    if (isOpen()) drawList();
  }

  function drawList() {
    const list = byId("shell-bell-list");
    const focused = list.contains(document.activeElement) ? document.activeElement.dataset.id : "";
    list.replaceChildren(...(state.items.length ? state.items.map(line) : [nothing()]));
    byId("shell-bell-all").disabled = !state.unread;
    const more = state.total - state.items.length;
    byId("shell-bell-older").textContent = more > 0 ? more + " older ones are kept for 90 days." : "";
    const again = focused && list.querySelector('[data-id="' + focused + '"]');
    if (again) again.focus();
  }

  function nothing() {
    const item = document.createElement("li");
    item.className = "bell-nothing";
    item.textContent = "Nothing yet. Here you are told when a run ends, fails or loses its worker.";
    return item;
  }

  function line(item) {
    const entry = document.createElement("li");
    const link = document.createElement(item.href ? "a" : "button");
    if (item.href) link.href = item.href;
    else link.type = "button";
    link.dataset.id = item.id;
    link.className = "bell-line bell-" + (item.level in ICONS ? item.level : "info") + (item.read ? "" : " bell-unread");
    const words = part("span", "bell-words");
    words.append(part("span", "bell-title", item.title), part("span", "bell-message", item.message), moment(item.created_at));
    link.append(glyph(ICONS[item.level] || ICONS.info), words);
    if (!item.read) link.append(part("span", "visually-hidden", "unread"));
    link.addEventListener("click", (event) => follow(event, item));
    entry.append(link);
    return entry;
  }

  function part(name, className, text) {
    const element = document.createElement(name);
    element.className = className;
    if (text) element.textContent = text;
    return element;
  }

  function glyph(name) {
    const element = part("i", "bi bi-" + name);
    element.setAttribute("aria-hidden", "true");
    return element;
  }

  function moment(iso) {
    const time = part("time", "bell-time", ago(iso));
    time.dateTime = iso;
    time.title = new Date(iso).toLocaleString();
    return time;
  }

  function retime() {
    byId("shell-bell-list").querySelectorAll("time").forEach((time) => { time.textContent = ago(time.dateTime); });
  }

  function ago(iso) {
    const seconds = (Date.now() - new Date(iso).getTime()) / 1000;
    if (seconds < 45) return "just now";
    if (seconds < 3600) return Math.max(1, Math.floor(seconds / 60)) + " min ago";
    if (seconds < 86400) return Math.floor(seconds / 3600) + " h ago";
    const days = Math.floor(seconds / 86400);
    return days + (days > 1 ? " days ago" : " day ago");
  }

  function follow(event, item) {
    if (!item.read) markRead([item.id]);
    if (!item.href || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    close(false);
    visit(item.href);
  }

  function visit(href) {
    window.history.pushState({}, "", href);
    window.dispatchEvent(new CustomEvent("_dashprivate_pushstate"));
    window.scrollTo(0, 0);
  }

  /* Shown as read at once; the next look says what the server knows. */
  async function markRead(ids) {
    state.items.forEach((item) => { if (!ids || ids.includes(item.id)) item.read = true; });
    state.unread = ids ? Math.max(0, state.unread - ids.length) : 0;
    draw();
    const body = JSON.stringify(ids ? { ids: ids } : {});
    try {
      await fetch("/api/notifications/read", { method: "POST", body: body, headers: { "Content-Type": "application/json" } });
    } catch {
      state.tag = "";
    }
    look();
  }

  function open() {
    const panel = byId("shell-bell-panel");
    panel.hidden = false;
    byId("shell-bell").setAttribute("aria-expanded", "true");
    drawList();
    panel.focus();
    look();
  }

  function close(refocus) {
    if (!isOpen()) return;
    byId("shell-bell-panel").hidden = true;
    byId("shell-bell").setAttribute("aria-expanded", "false");
    if (refocus) byId("shell-bell").focus();
  }

  function move(event) {
    const lines = [...byId("shell-bell-list").querySelectorAll(".bell-line")];
    if (!lines.length) return;
    event.preventDefault();
    const at = lines.indexOf(document.activeElement);
    const next = event.key === "ArrowDown" ? at + 1 : at - 1;
    lines[Math.min(Math.max(next, 0), lines.length - 1)].focus();
  }

  /* Who opens a toast has read its line. */
  function openedToast(link) {
    const read = state.items.filter((item) => !item.read && item.href === link.getAttribute("href"));
    if (read.length) markRead(read.map((item) => item.id));
  }

  document.addEventListener("click", (event) => {
    const link = event.target.closest(".mantine-Notification-root a");
    if (link) openedToast(link);
    if (event.target.closest("#shell-bell")) isOpen() ? close(true) : open();
    else if (event.target.closest("#shell-bell-all")) markRead(null);
    else if (event.target.closest("#shell-bell-settings")) close(false);
    else if (!event.target.closest("#shell-bell-panel")) close(false);
  });

  document.addEventListener("keydown", (event) => {
    if (!isOpen()) return;
    if (event.key === "Escape") close(true);
    else if ((event.key === "ArrowDown" || event.key === "ArrowUp") && event.target.closest("#shell-bell-panel")) move(event);
  });

  document.addEventListener("focusin", (event) => {
    if (isOpen() && !event.target.closest("#shell-bell-panel, #shell-bell")) close(false);
  });

  document.addEventListener("visibilitychange", () => { if (!document.hidden) look(); });

  window.dash_clientside.bell = {
    /* Begins when the frame is there. */
    begin: function () {
      look();
      return window.dash_clientside.no_update;
    },
    setBrowser: function (wanted) {
      if (wanted === undefined || wanted === null) return window.dash_clientside.no_update;
      localStorage.setItem(WISH, wanted ? "yes" : "no");
      if (!wanted) return "";
      if (!("Notification" in window)) return "This browser has no notifications.";
      if (Notification.permission === "denied") return "Notifications are blocked in the browser's settings.";
      if (Notification.permission === "default") {
        return Notification.requestPermission().then((answer) => answer === "granted" ? "" : "The browser did not allow it.");
      }
      return "";
    },
  };
})();
