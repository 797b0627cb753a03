/* The history: address, refresh, live rows, selection, keyboard. */
window.dash_clientside = window.dash_clientside || {};

(function () {
  const GRID = "history-grid";
  const NAMES = ["q", "status", "family", "dataset_id", "tag"];
  const PHONE = 768;
  /* Columns that are called otherwise in a file, or are several there. */
  const FILE_COLUMNS = {
    accuracy: ["accuracy", "accuracy_low", "accuracy_high"],
    split: ["split_name", "leaky"],
    epochs: ["epochs_done"],
    study: ["study_id"],
    curve: [],
    memory: [],
  };
  let lastFilters = null;
  let lastColumns = "";
  let lastVersion = 0;
  let lastTotal = null;
  let lastInputs = null;
  let watched = null;
  let anchor = -1;

  function api() {
    if (!document.getElementById(GRID) || !window.dash_ag_grid) return null;
    try {
      return window.dash_ag_grid.getApi(GRID) || null;
    } catch {
      return null;
    }
  }

  function isPhone() {
    return window.innerWidth < PHONE;
  }

  function facts() {
    const box = document.getElementById("history-facts");
    return box ? box.dataset : {};
  }

  function visit(href) {
    window.history.pushState({}, "", href);
    window.dispatchEvent(new CustomEvent("_dashprivate_pushstate"));
    window.scrollTo(0, 0);
  }

  /* What is filtered, as the address tells it. */
  function filterParts(inputs) {
    const parts = new URLSearchParams();
    NAMES.forEach((name, index) => {
      [].concat(inputs.filters[index] || []).forEach((value) => parts.append(name, value));
    });
    const days = inputs.filters[NAMES.length] || [];
    if (days[0]) parts.set("since", String(days[0]).slice(0, 10));
    if (days[1]) parts.set("until", String(days[1]).slice(0, 10));
    return parts;
  }

  function sorts(grid) {
    return grid
      .getColumnState()
      .filter((column) => column.sort)
      .sort((one, other) => (one.sortIndex || 0) - (other.sortIndex || 0));
  }

  function isStandardSort(found) {
    return !found.length || (found.length === 1 && found[0].colId === "created_at" && found[0].sort === "desc");
  }

  /* Everything that is set, as the address tells it. */
  function wholeState(grid) {
    const parts = filterParts(lastInputs);
    const [columns, group, , fold] = lastInputs.shape;
    const found = grid ? sorts(grid) : [];
    if (!isStandardSort(found)) {
      found.forEach((column) => {
        parts.append("sort", column.colId);
        parts.append("order", column.sort);
      });
    }
    const shown = window.dash_clientside.historyColumns.address(isPhone() ? null : grid, columns);
    if (shown) parts.set("cols", shown);
    if (group) parts.set("group", group);
    if (fold) parts.set("fold", "1");
    return parts;
  }

  /* The address of what is shown; a default view needs "none" to be said. */
  function writeAddress(grid) {
    if (!lastInputs || window.location.pathname !== "/experiments") return;
    const parts = wholeState(grid);
    const view = facts().view;
    if (view) parts.set("view", view);
    else if (!parts.toString() && facts().default) parts.set("view", "0");
    const text = parts.toString();
    window.history.replaceState(window.history.state, "", text ? "/experiments?" + text : "/experiments");
    window.dash_clientside.historyViews.mark(wholeState(grid).toString());
  }

  /* The days of the filter as instants of this computer; what the file names as the table does. */
  function exportParts(grid) {
    const parts = filterParts(lastInputs);
    const ends = { since: "T00:00:00", until: "T23:59:59.999" };
    Object.entries(ends).forEach(([name, time]) => {
      if (parts.has(name)) parts.set(name, new Date(parts.get(name) + time).toISOString());
    });
    if (grid && !isStandardSort(sorts(grid))) {
      parts.set("sort", sorts(grid).map((column) => (column.sort === "desc" ? "-" : "+") + column.colId).join());
    }
    const columns = lastInputs.shape[0] || [];
    if (columns.join() !== facts().standard) {
      const names = columns.flatMap((column) => FILE_COLUMNS[column] || [column]);
      parts.set("columns", [...new Set(["id", ...names])].join());
    }
    return parts.toString();
  }

  function watch(grid) {
    if (watched === grid) return;
    watched = grid;
    ["columnMoved", "columnResized", "columnPinned", "columnVisible", "sortChanged"].forEach((kind) =>
      grid.addEventListener(kind, (event) => {
        if (event.finished !== false) writeAddress(grid);
      }),
    );
    ["bodyScroll", "modelUpdated"].forEach((kind) => grid.addEventListener(kind, () => showRange(grid)));
    arrange(grid);
  }

  /* On a phone one card stands for all columns. */
  function arrange(grid) {
    const phone = isPhone();
    document.getElementById("history-grid-box").classList.toggle("is-phone", phone);
    if (!phone) return;
    const box = document.getElementById(GRID);
    const state = grid.getColumnState().map((column) => ({
      colId: column.colId,
      hide: !["card", "menu", "ag-Grid-SelectionColumn"].includes(column.colId),
    }));
    grid.applyColumnState({ state: state });
    grid.setColumnWidths([{ key: "card", newWidth: Math.max(200, box.clientWidth - 96) }]);
    /* The grid lets them go when wide columns leave no room for the rest. */
    const pinned = [["ag-Grid-SelectionColumn", "left"], ["menu", "right"]];
    grid.applyColumnState({ state: pinned.map(([colId, side]) => ({ colId: colId, pinned: side })) });
    grid.setGridOption("headerHeight", 0);
    grid.setGridOption("rowHeight", 92);
    grid.purgeInfiniteCache();
  }

  function showRange(grid) {
    const place = document.getElementById("history-range");
    if (!place) return;
    const rows = grid.getDisplayedRowCount();
    const box = document.querySelector("#" + GRID + " .ag-body-viewport");
    if (!box || rows < 2) {
      place.textContent = "";
      return;
    }
    const height = isPhone() ? 92 : 40;
    const first = Math.min(rows, Math.floor(box.scrollTop / height) + 1);
    const last = Math.min(rows, Math.ceil((box.scrollTop + box.clientHeight) / height));
    place.textContent = "Rows " + first.toLocaleString("en").replaceAll(",", "\u202f") + "–" + last.toLocaleString("en").replaceAll(",", "\u202f");
  }

  function jump(text) {
    const grid = api();
    const wanted = parseInt(String(text).replace(/\D/g, ""), 10);
    if (!grid || !wanted) return;
    const index = Math.max(0, Math.min(grid.getDisplayedRowCount(), wanted) - 1);
    grid.ensureIndexVisible(index, "top");
    grid.setFocusedCell(index, isPhone() ? "card" : "name");
  }

  function runsOf(rows) {
    const seen = new Map();
    (rows || [])
      .filter((row) => row && row.id)
      .flatMap((row) => row.members || [row])
      .forEach((row) => seen.set(row.id, row));
    return [...seen.values()];
  }

  window.dash_clientside.history = {
    visit: visit,
    api: api,
    isPhone: isPhone,
    facts: facts,
    runsOf: runsOf,
    writeAddress: () => writeAddress(api()),
    state: () => (lastInputs ? wholeState(api()).toString() : ""),

    /* Puts everything into the address, and asks for the rows again when they changed. */
    follow: function (where, statuses, families, datasets, tags, days, columns, group, open, fold, request, version) {
      const grid = api();
      lastInputs = {
        filters: [where, statuses, families, datasets, tags, days],
        shape: [columns, group, open, fold],
      };
      if (grid) watch(grid);
      const filters = filterParts(lastInputs).toString() + "|" + (group || "") + "|" + Boolean(fold);
      const cells = (columns || []).join() + "|" + (open || []).join("\u0001");
      if (grid && lastFilters !== null && filters !== lastFilters) {
        grid.deselectAll();
        if (grid.getDisplayedRowCount()) grid.ensureIndexVisible(0);
        grid.purgeInfiniteCache();
      } else if (grid && lastFilters !== null && (version !== lastVersion || cells !== lastColumns)) {
        if (version !== lastVersion) grid.deselectAll();
        grid.refreshInfiniteCache();
      }
      /* A page that was just opened has asked for its rows already. */
      lastFilters = grid ? filters : null;
      lastColumns = cells;
      lastVersion = version;
      writeAddress(grid);
      const file = exportParts(grid);
      const all = ["csv", "parquet"].map((ending) => "/api/experiments." + ending + (file ? "?" + file : ""));
      return [...all, filterParts(lastInputs).toString() === ""];
    },

    clear: function () {
      return ["", [], [], [], [], [null, null], "", []];
    },

    showSelection: function (rows) {
      const chosen = runsOf(rows);
      const count = chosen.length;
      const scored = chosen.filter((row) => row.scored && row.ended).length;
      const few = count < 2 || count > 10;
      return [count === 0, count + " selected", count < 3 || count > 7, few, few || scored < 2];
    },

    bulk: function (tag, remove, clear, join, compare, summary, rows) {
      const trigger = window.dash_clientside.callback_context.triggered_id;
      const ids = runsOf(rows).map((row) => row.id);
      if (trigger === "history-bulk-clear" && api()) api().deselectAll();
      if (trigger === "history-bulk-compare" && ids.length) visit("/compare?ids=" + ids.join(","));
      if (!ids.length || ["history-bulk-clear", "history-bulk-compare"].includes(trigger)) {
        return window.dash_clientside.no_update;
      }
      const kinds = { "history-bulk-tag": "edit", "history-bulk-join": "join", "history-bulk-summary": "summary" };
      return { kind: kinds[trigger] || "delete", ids: ids, at: Date.now() };
    },

    /* Draws the rows of running experiments anew; a new experiment makes the table look again. */
    applyLive: function (live) {
      const grid = api();
      if (!live || !grid) return window.dash_clientside.no_update;
      const fresh = new Map(live.rows.map((row) => [row.id, row]));
      grid.forEachNode((node) => {
        const row = node.data && !node.data.repeats && fresh.get(node.data.id);
        if (row) node.setData({ ...node.data, ...row, key: node.data.key, inside: node.data.inside });
      });
      if (lastTotal !== null && lastTotal !== live.total) grid.refreshInfiniteCache();
      lastTotal = live.total;
      return String(live.active.length);
    },

    sortOnPhone: function (value) {
      const grid = api();
      const [column, way] = String(value || "").split(" ");
      if (grid && isPhone() && way) {
        grid.applyColumnState({ state: [{ colId: column, sort: way }], defaultState: { sort: null } });
      }
      return value;
    },

    /* Unfolds or folds the group that a row stands for. */
    toggle: function (key) {
      const open = (lastInputs && lastInputs.shape[2]) || [];
      const next = open.includes(key) ? open.filter((item) => item !== key) : [...open, key];
      window.dash_clientside.set_props("history-open", { data: next });
    },
  };

  function select(grid, at, node, upTo) {
    const wanted = !node.isSelected();
    if (upTo && anchor >= 0) {
      for (let row = Math.min(anchor, at); row <= Math.max(anchor, at); row += 1) {
        const found = grid.getDisplayedRowAtIndex(row);
        if (found && found.data && found.selectable) found.setSelected(true);
      }
    } else if (node.selectable) node.setSelected(wanted);
    anchor = at;
  }

  function gridKey(event, grid) {
    const focused = grid.getFocusedCell();
    const at = focused ? focused.rowIndex : -1;
    const node = at >= 0 ? grid.getDisplayedRowAtIndex(at) : null;
    const data = node && node.data;
    if (event.key === "j" || event.key === "k") {
      const last = grid.getDisplayedRowCount() - 1;
      const next = Math.max(0, Math.min(last, at + (event.key === "j" ? 1 : -1)));
      grid.ensureIndexVisible(next);
      grid.setFocusedCell(next, isPhone() ? "card" : "name");
    } else if (opensMenu(event) && data && data.id) openFocusedMenu(node);
    else if (event.key.toLowerCase() === "x" && data) select(grid, at, node, event.shiftKey);
    else if (event.key === "Enter" && data && insideGrid(event)) {
      if (data.kind === "group") window.dash_clientside.history.toggle(data.group);
      else if (focused.column.getColId() === "menu") openFocusedMenu(node);
      else visit(data.href);
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
    const rows = [...document.querySelectorAll("#" + GRID + " .cell-menu")];
    const button = rows.find((item) => item.closest("[row-id]").getAttribute("row-id") === node.id);
    if (button) button.click();
  }

  document.addEventListener("keydown", function (event) {
    const menu = document.getElementById("history-menu");
    if (menu && !menu.hidden) return undefined;
    if (event.key === "Enter" && event.target.id === "history-jump") return jump(event.target.value);
    if (event.ctrlKey || event.metaKey || event.altKey) return undefined;
    const busy = event.target.closest("input, textarea, select, [role=dialog]");
    const inGrid = event.target.closest("#" + GRID + " .ag-checkbox-input");
    const grid = busy && !inGrid ? null : api();
    return grid ? gridKey(event, grid) : undefined;
  });

  document.addEventListener("click", function (event) {
    const toggle = event.target.closest("#history-filters-toggle");
    if (!toggle) return;
    const open = document.getElementById("history-filters").classList.toggle("is-open");
    toggle.setAttribute("aria-expanded", String(open));
  });
})();
