/* The search box of the history: what is typed, and completions under it (an ARIA combobox). */
window.dash_clientside = window.dash_clientside || {};

(function () {
  const WAIT_MS = 180;
  let waiting = null;
  let offered = null;
  let active = -1;
  let asked = "";

  const box = () => document.getElementById("history-search");
  const list = () => document.getElementById("history-search-list");

  /* A draft is completed and checked, but not searched for: the rest of its condition is to come. */
  function tell(text, position, draft) {
    asked = text;
    const data = { text: text, position: position, draft: Boolean(draft), at: Date.now() };
    window.dash_clientside.set_props("history-typed", { data: data });
  }

  function tellSoon(input) {
    clearTimeout(waiting);
    waiting = setTimeout(() => tell(input.value, input.selectionStart), WAIT_MS);
  }

  function close() {
    const found = list();
    if (found) found.hidden = true;
    if (box()) {
      box().setAttribute("aria-expanded", "false");
      box().removeAttribute("aria-activedescendant");
    }
    active = -1;
  }

  function mark(index) {
    const options = [...list().children];
    active = options.length ? (index + options.length) % options.length : -1;
    options.forEach((option, at) => option.setAttribute("aria-selected", String(at === active)));
    if (active >= 0) {
      box().setAttribute("aria-activedescendant", options[active].id);
      options[active].scrollIntoView({ block: "nearest" });
    }
  }

  /* Puts a completion in place of what was begun; a space after it lets the next one come. */
  function accept(index) {
    const item = offered.items[index];
    const text = box().value;
    const glued = item.text.endsWith(":") || item.text.endsWith("(");
    const begin = text.slice(0, offered.start) + item.text + (glued ? "" : " ");
    const whole = begin + text.slice(offered.end).replace(/^ /, "");
    close();
    window.dash_clientside.set_props("history-search", { value: whole });
    box().focus();
    requestAnimationFrame(() => box().setSelectionRange(begin.length, begin.length));
    tell(whole, begin.length, item.kind !== "value");
  }

  function option(item, index) {
    const line = document.createElement("div");
    line.id = "history-completion-" + index;
    line.setAttribute("role", "option");
    line.setAttribute("aria-selected", "false");
    line.className = "history-completion";
    const words = document.createElement("code");
    words.textContent = item.text;
    const says = document.createElement("span");
    says.textContent = item.says || "";
    line.append(words, says);
    line.addEventListener("mousedown", (event) => {
      event.preventDefault();
      accept(index);
    });
    return line;
  }

  window.dash_clientside.historySearch = {
    draw: function (found) {
      offered = found;
      if (!list() || !found || !found.items.length || document.activeElement !== box() || box().value !== asked) {
        close();
        return "";
      }
      list().replaceChildren(...found.items.map(option));
      list().hidden = false;
      box().setAttribute("aria-expanded", "true");
      active = -1;
      return asked;
    },
  };

  document.addEventListener("input", (event) => {
    if (event.target.id === "history-search") tellSoon(event.target);
  });
  document.addEventListener(
    "keydown",
    function (event) {
      if (event.target.id !== "history-search") return;
      const open = !list().hidden;
      if (event.key === " " && event.ctrlKey) tell(box().value, box().selectionStart);
      else if (open && event.key === "ArrowDown") mark(active + 1);
      else if (open && event.key === "ArrowUp") mark(active < 0 ? -1 : active - 1);
      else if (open && event.key === "Escape") close();
      else if (open && active >= 0 && (event.key === "Enter" || event.key === "Tab")) accept(active);
      else if (event.key === "Enter") {
        clearTimeout(waiting);
        close();
        tell(box().value, box().selectionStart);
        asked = null;
        return;
      } else return;
      event.preventDefault();
      event.stopPropagation();
    },
    true,
  );
  document.addEventListener("focusout", (event) => {
    if (event.target.id === "history-search") close();
  });
})();
