/* The history: address, refresh, live rows, selection, row menu, keyboard. */
window.dash_clientside = window.dash_clientside || {};

(function () {
  const GRID = "history-grid";
  const NAMES = ["search", "status", "family", "dataset_id", "tag"];
  let lastFilters = null;
  let lastVersion = 0;
  let lastTotal = null;
  const ORDERS = ["pause", "resume", "stop", "cancel", "retry"];
  const SEVERAL = [...ORDERS, "report", "export", "keep", "unkeep", "edit", "delete"];
  const CONFIRMED = ["stop", "cancel"];
  let menuRows = [];
  let menuButton = null;

  function api() {
    if (!document.getElementById(GRID) || !window.dash_ag_grid) return null;
    try {
      return window.dash_ag_grid.getApi(GRID) || null;
    } catch {
      return null;
    }
  }

  function visit(href) {
    window.history.pushState({}, "", href);
    window.dispatchEvent(new CustomEvent("_dashprivate_pushstate"));
    window.scrollTo(0, 0);
  }

  function query(filters) {
    const parts = new URLSearchParams();
    NAMES.forEach((name, index) => {
      [].concat(filters[index] || []).forEach((value) => parts.append(name, value));
    });
    return parts;
  }

  function act(kind, ids) {
    window.dash_clientside.set_props("history-action", { data: { kind: kind, ids: ids, at: Date.now() } });
  }

  function closeMenu() {
    const menu = document.getElementById("history-menu");
    if (menu) menu.hidden = true;
    if (menuButton) menuButton.setAttribute("aria-expanded", "false");
    menuRows = [];
  }

  window.dash_clientside.history = {
    visit: visit,

    /* Puts filters and order into the address, and asks for the rows again when they changed. */
    follow: function (search, statuses, families, datasets, tags, request, version) {
      const parts = query([search, statuses, families, datasets, tags]);
      const filters = parts.toString();
      const grid = api();
      const sort = request && request.sortModel && request.sortModel[0];
      if (sort && !(sort.colId === "created_at" && sort.sort === "desc")) {
        parts.set("sort", sort.colId);
        parts.set("order", sort.sort);
      }
      const text = parts.toString();
      if (window.location.pathname === "/experiments") {
        window.history.replaceState(window.history.state, "", text ? "/experiments?" + text : "/experiments");
      }
      if (grid && lastFilters !== null && filters !== lastFilters) {
        grid.deselectAll();
        if (grid.getDisplayedRowCount()) grid.ensureIndexVisible(0);
        grid.purgeInfiniteCache();
      } else if (grid && version !== lastVersion) {
        grid.deselectAll();
        grid.refreshInfiniteCache();
      }
      if (grid && lastFilters === null && window.innerWidth < 768) {
        grid.setColumnWidths([{ key: "name", newWidth: 150 }]);
        /* The grid had let them go, because with a wide name they left no room for the rest. */
        const pinned = [["ag-Grid-SelectionColumn", "left"], ["menu", "right"]];
        grid.applyColumnState({ state: pinned.map(([colId, side]) => ({ colId: colId, pinned: side })) });
      }
      /* A page that was just opened has asked for its rows already. */
      lastFilters = grid ? filters : null;
      lastVersion = version;
      return ["/api/experiments.csv" + (text ? "?" + text : ""), filters === ""];
    },

    clear: function () {
      return ["", [], [], [], []];
    },

    showSelection: function (rows) {
      const count = (rows || []).length;
      return [count === 0, count + " selected", count < 3 || count > 7];
    },

    bulk: function (tag, remove, clear, join, rows) {
      const trigger = window.dash_clientside.callback_context.triggered_id;
      const ids = (rows || []).map((row) => row.id);
      if (trigger === "history-bulk-clear" && api()) api().deselectAll();
      if (!ids.length || trigger === "history-bulk-clear") return window.dash_clientside.no_update;
      const kinds = { "history-bulk-tag": "edit", "history-bulk-join": "join" };
      return { kind: kinds[trigger] || "delete", ids: ids, at: Date.now() };
    },

    /* Draws the rows of running experiments anew; a new experiment makes the table look again. */
    applyLive: function (live) {
      const grid = api();
      if (!live || !grid) return window.dash_clientside.no_update;
      live.rows.forEach((row) => {
        const node = grid.getRowNode(String(row.id));
        if (node) node.setData(row);
      });
      if (lastTotal !== null && lastTotal !== live.total) grid.refreshInfiniteCache();
      lastTotal = live.total;
      return String(live.active.length);
    },

    openMenu: function (button, row) {
      openMenu(button, [row], button.getBoundingClientRect());
    },
  };

  /* Shows what the rows' states allow, beside a place on the screen; only one menu exists. */
  function openMenu(button, rows, place) {
    const menu = document.getElementById("history-menu");
    menuRows = rows.filter((row) => row && row.can);
    menuButton = button;
    let begins = false;
    for (const item of menu.querySelectorAll("button")) {
      const action = item.dataset.action;
      const able = menuRows.filter((row) => row.can.includes(action)).length;
      item.hidden = !able || (menuRows.length > 1 && !SEVERAL.includes(action));
      item.querySelector(".menu-count").textContent = menuRows.length > 1 ? able : "";
      begins = begins || item.classList.contains("menu-begins");
      if (!item.hidden) {
        item.classList.toggle("menu-divided", begins && item !== firstShown(menu));
        begins = false;
      }
    }
    menu.hidden = false;
    if (button) button.setAttribute("aria-expanded", "true");
    const below = place.bottom + menu.offsetHeight + 4 < window.innerHeight;
    const left = Math.min(place.right - menu.offsetWidth, window.innerWidth - menu.offsetWidth - 8);
    menu.style.left = Math.max(8, left) + "px";
    menu.style.top = (below ? place.bottom + 4 : Math.max(8, place.top - menu.offsetHeight - 4)) + "px";
    const first = firstShown(menu);
    if (first) first.focus();
  }

  function firstShown(menu) {
    return menu.querySelector("button:not([hidden])");
  }

  /* The order is seen at once; the rows that come from the server say what became of it. */
  function acknowledge(action, rows) {
    const grid = api();
    rows.forEach((row) => {
      const node = grid && grid.getRowNode(String(row.id));
      if (node && node.data) node.setData({ ...node.data, control: action, can: [] });
    });
  }

  function choose(action) {
    const rows = menuRows.filter((item) => item.can.includes(action));
    const row = rows[0];
    closeMenu();
    if (!row) return;
    if (SEVERAL.includes(action)) {
      if (ORDERS.includes(action) && !CONFIRMED.includes(action)) acknowledge(action, rows);
      act(action, rows.map((item) => item.id));
    } else if (action === "open") visit(row.href);
    else if (action === "monitor") visit("/experiment/" + row.id + "/monitor");
    else if (action === "clone") visit("/experiment/clone/" + row.id);
    else act(action, [row.id]);
  }

  function menuKey(event, menu) {
    const items = [...menu.querySelectorAll("button:not([hidden])")];
    const at = items.indexOf(document.activeElement);
    if (event.key === "Escape" || event.key === "Tab") {
      const button = menuButton;
      closeMenu();
      if (button) button.focus();
    } else if (event.key === "ArrowDown") items[(at + 1) % items.length].focus();
    else if (event.key === "ArrowUp") items[(at - 1 + items.length) % items.length].focus();
    else if (event.key === "Home") items[0].focus();
    else if (event.key === "End") items[items.length - 1].focus();
    else return;
    event.preventDefault();
  }

  function gridKey(event, grid) {
    const focused = grid.getFocusedCell();
    const at = focused ? focused.rowIndex : -1;
    const node = at >= 0 ? grid.getDisplayedRowAtIndex(at) : null;
    if (event.key === "j" || event.key === "k") {
      const last = grid.getDisplayedRowCount() - 1;
      const next = Math.max(0, Math.min(last, at + (event.key === "j" ? 1 : -1)));
      grid.ensureIndexVisible(next);
      grid.setFocusedCell(next, "name");
    } else if (opensMenu(event) && node && node.data) openFocusedMenu(node);
    else if (event.key === "x" && node) node.setSelected(!node.isSelected());
    else if (event.key === "Enter" && node && node.data && insideGrid(event)) {
      if (focused.column.getColId() === "menu") openFocusedMenu(node);
      else visit(node.data.href);
    } else return;
    event.preventDefault();
  }

  function opensMenu(event) {
    return event.key === "m" || event.key === "ContextMenu" || (event.key === "F10" && event.shiftKey);
  }

  function insideGrid(event) {
    /* Right after j or k the cell's focus is still on its way. */
    if (event.target === document.body) return true;
    return event.target.closest("#" + GRID) && !event.target.closest("a, button, input, .ag-header");
  }

  function openFocusedMenu(node) {
    const rows = '#history-grid [row-id="' + Number(node.data.id) + '"] .cell-menu';
    const button = document.querySelector(rows);
    if (button) button.click();
  }

  document.addEventListener("keydown", function (event) {
    const menu = document.getElementById("history-menu");
    if (menu && !menu.hidden) return menuKey(event, menu);
    if (event.ctrlKey || event.metaKey || event.altKey) return undefined;
    const busy = event.target.closest("input, textarea, select, [role=dialog]");
    const grid = busy ? null : api();
    return grid ? gridKey(event, grid) : undefined;
  });

  document.addEventListener("click", function (event) {
    const item = event.target.closest("#history-menu button");
    const several = event.target.closest("#history-bulk-actions");
    if (item) choose(item.dataset.action);
    else if (several && api()) openMenu(several, api().getSelectedRows(), several.getBoundingClientRect());
    else if (!event.target.closest(".cell-menu")) closeMenu();
  });
  document.addEventListener("contextmenu", function (event) {
    const cell = event.target.closest && event.target.closest("#" + GRID + " .ag-row");
    const node = cell && api() ? api().getRowNode(cell.getAttribute("row-id")) : null;
    /* Links keep the browser's own menu: open in a new tab, copy the address. */
    if (!node || !node.data || event.target.closest("a") || !event.clientX) return;
    event.preventDefault();
    const at = { right: event.clientX + 190, bottom: event.clientY, top: event.clientY };
    openMenu(cell.querySelector(".cell-menu"), [node.data], at);
  });
  document.addEventListener("scroll", closeMenu, true);
})();
