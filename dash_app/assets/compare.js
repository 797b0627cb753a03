/* The comparison: its state in the address, adding and taking out runs, a closer look at a pair. */
window.dash_clientside = window.dash_clientside || {};

(function () {
  const PAGE = "/compare";

  function go(address) {
    window.history.pushState({}, "", address);
    window.dispatchEvent(new CustomEvent("_dashprivate_pushstate"));
    window.scrollTo(0, 0);
  }

  function visit(query) {
    const text = query.toString().replaceAll("%2C", ",");
    go(text ? PAGE + "?" + text : PAGE);
  }

  function numbers(query) {
    return (query.get("ids") || "").split(",").filter(Boolean);
  }

  function changed(edit) {
    const query = new URLSearchParams(window.location.search);
    const ids = edit(numbers(query));
    query.set("ids", ids.join(","));
    ["a", "b"].forEach((name) => { if (!ids.includes(query.get(name))) query.delete(name); });
    visit(query);
  }

  function put(query, name, value, usual) {
    if (value === undefined || value === null || value === "" || value === usual) query.delete(name);
    else query.set(name, String(value));
  }

  function made(tag, text, name) {
    const node = document.createElement(tag);
    if (text) node.textContent = text;
    if (name) node.className = name;
    return node;
  }

  function iconOf(name) {
    const symbol = made("i", "", "bi bi-" + name);
    symbol.setAttribute("aria-hidden", "true");
    return symbol;
  }

  function mark(run) {
    const square = made("span", "", run.dashed ? "run-mark run-mark-dashed" : "run-mark");
    if (run.colour) square.style.setProperty("--run", run.colour);
    return square;
  }

  /* The words of a cell; a link stays inside the application. */
  function words(cell) {
    const text = cell.href ? made("a", cell.text) : made(cell.strong ? "strong" : "span", cell.strong || cell.text || cell.muted);
    if (cell.muted) text.className = "muted";
    if (cell.title) text.title = cell.title;
    if (cell.href) {
      text.href = cell.href;
      text.addEventListener("click", (event) => {
        if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
        event.preventDefault();
        go(cell.href);
      });
    }
    return text;
  }

  function bar(place) {
    const box = made("div", "", "interval-bar");
    const range = made("div", "", "interval-range");
    const point = made("div", "", "interval-point");
    range.style.left = place[0] + "%";
    range.style.width = place[1] + "%";
    point.style.left = place[2] + "%";
    box.setAttribute("aria-hidden", "true");
    box.append(range, point);
    return box;
  }

  function chip(said) {
    const box = made("span", "", said.kind ? "chip chip-" + said.kind : "chip");
    box.append(iconOf(said.icon), said.word);
    return box;
  }

  function line(cell) {
    const box = made("div", "", "cell-line");
    if (cell.mark) box.append(mark(cell.mark));
    if (cell.text || cell.strong || cell.muted) box.append(words(cell));
    if (cell.after) box.append(made("span", cell.after, "muted small"));
    if (cell.chip) box.append(chip(cell.chip));
    if (cell.pair) {
      const button = made("button", "Look closer", "link-button nowrap");
      button.dataset.pair = cell.pair;
      button.setAttribute("aria-label", "Look closer at runs " + cell.pair.replace(",", " and "));
      box.append(button);
    }
    return box;
  }

  function fill(node, cell) {
    if (typeof cell === "string") node.textContent = cell;
    else if (Array.isArray(cell)) cell.forEach((part) => node.append(line(part)));
    else {
      node.append(line(cell));
      if (cell.bar) node.append(bar(cell.bar));
      if (cell.sub) node.append(made("div", cell.sub, "muted small"));
    }
  }

  function headOf(column) {
    const head = made("th", "", column.number ? "number" : "");
    head.scope = "col";
    if (!column.help) fill(head, column.cell);
    else {
      const said = made("span", column.cell, "term");
      said.tabIndex = 0;
      said.dataset.help = column.help;
      head.append(said);
    }
    return head;
  }

  function rowOf(cells, columns) {
    const row = made("tr");
    cells.forEach((cell, index) => {
      const node = made(index ? "td" : "th", "", columns[index] && columns[index].number ? "number" : "");
      if (!index) node.scope = "row";
      fill(node, cell);
      row.append(node);
    });
    return row;
  }

  function tableOf(data) {
    const table = made("table", "", "plain compare-table");
    const head = made("tr");
    const body = made("tbody");
    data.columns.forEach((column) => head.append(headOf(column)));
    data.rows.forEach((cells) => body.append(rowOf(cells, data.columns)));
    const top = made("thead");
    top.append(head);
    table.append(top, body);
    table.setAttribute("aria-label", data.label);
    return table;
  }

  /* One floating box explains whichever column head is pointed at or focused. */
  function explain(event) {
    const said = event.target.closest && event.target.closest(".compare [data-help]");
    let box = document.getElementById("compare-explains");
    if (!said) {
      if (box) box.hidden = true;
      return;
    }
    if (!box) {
      box = made("div", "", "compare-explains");
      box.id = "compare-explains";
      box.setAttribute("role", "tooltip");
      document.body.append(box);
    }
    const place = said.getBoundingClientRect();
    box.textContent = said.dataset.help;
    box.hidden = false;
    box.style.left = Math.max(8, Math.min(place.left, window.innerWidth - 296)) + "px";
    box.style.top = Math.max(8, place.top - box.offsetHeight - 6) + "px";
    said.setAttribute("aria-describedby", "compare-explains");
  }

  ["mouseover", "focusin", "focusout"].forEach((name) => document.addEventListener(name, explain));

  window.dash_clientside.compare = {
    draw: function (data) {
      const [output] = [].concat(window.dash_clientside.callback_context.outputs_list);
      const id = output.id;
      const box = document.getElementById(JSON.stringify({ name: id.name, type: id.type }));
      if (!box || !data) return window.dash_clientside.no_update;
      box.replaceChildren(tableOf(data));
      return String(data.rows.length);
    },

    follow: function (delta, first, second, metric, over, smooth, all, field, runs) {
      const query = new URLSearchParams();
      query.set("ids", (runs || []).join(","));
      put(query, "delta", typeof delta === "number" ? +(delta / 100).toFixed(4) : null, 0.01);
      put(query, "a", first);
      put(query, "b", second);
      put(query, "metric", metric, "val_accuracy");
      put(query, "x", over, "epoch");
      put(query, "smooth", smooth, 0);
      put(query, "settings", all ? "all" : null);
      put(query, "field", field);
      if (window.location.pathname === PAGE) {
        const text = query.toString().replaceAll("%2C", ",");
        window.history.replaceState(window.history.state, "", PAGE + "?" + text);
      }
      return window.dash_clientside.no_update;
    },

    add: function (run) {
      if (run) changed((ids) => [...new Set([...ids, String(run)])]);
      return run ? null : window.dash_clientside.no_update;
    },

    remove: function (clicks) {
      const trigger = window.dash_clientside.callback_context.triggered_id;
      const pressed = window.dash_clientside.callback_context.triggered.some((item) => item.value);
      if (trigger && pressed) changed((ids) => ids.filter((id) => id !== String(trigger.run)));
      return window.dash_clientside.no_update;
    },
  };

  document.addEventListener("click", (event) => {
    const button = event.target.closest && event.target.closest("[data-pair]");
    if (!button) return;
    const [first, second] = button.dataset.pair.split(",");
    window.dash_clientside.set_props("compare-a", { value: first });
    window.dash_clientside.set_props("compare-b", { value: second });
    const head = document.getElementById("compare-couple-head");
    if (head) head.scrollIntoView({ block: "start" });
  });
})();
