/* The columns of the history: what the drawer chooses, and how the address tells them. */
window.dash_clientside = window.dash_clientside || {};

(function () {
  const FIXED = ["card", "menu", "ag-Grid-SelectionColumn"];
  const OTHER_WIDTH = 130;

  function standard() {
    return String(window.dash_clientside.history.facts().standard || "").split(",");
  }

  function written(name) {
    return encodeURIComponent(name).replaceAll("~", "%7E").replaceAll("%3A", ":");
  }

  function told(column, usual) {
    const pin = column.pinned === "left" ? "l" : column.pinned === "right" ? "r" : "";
    const width = usual === Math.round(column.width) ? "" : String(Math.round(column.width));
    return (written(column.colId) + "~" + width + "~" + pin).replace(/~+$/, "");
  }

  /* Only widths that somebody changed need to be told. */
  function usualWidths() {
    const pairs = String(window.dash_clientside.history.facts().widths || "").split(",");
    return new Map(pairs.map((pair) => [pair.split(":")[0], Number(pair.split(":")[1])]));
  }

  /* A new column stands last, mostly out of sight. */
  function showSoon(id) {
    setTimeout(() => {
      const grid = window.dash_clientside.history.api();
      if (grid && grid.getColumn(id)) grid.ensureColumnVisible(id);
    }, 150);
  }

  function shownRows() {
    return [...document.querySelectorAll("#history-chooser-body .history-choice-line")];
  }

  window.dash_clientside.historyColumns = {
    /* The columns in the address; "" when they are the standard ones. Without a grid: as last told. */
    address: function (grid, columns) {
      if (!grid) return new URLSearchParams(window.location.search).get("cols") || "";
      const state = grid.getColumnState().filter((item) => !FIXED.includes(item.colId) && !item.hide);
      if (!state.length) return "";
      const widths = usualWidths();
      const parts = state.map((item) => told(item, widths.get(item.colId) || OTHER_WIDTH));
      const usual = standard().map((name) => (name === "name" ? "name~~l" : name));
      return parts.join() === usual.join() ? "" : parts.join();
    },

    find: function (text) {
      const wanted = String(text || "").toLowerCase().split(/\s+/).filter(Boolean);
      shownRows().forEach((row) => {
        row.hidden = !wanted.every((word) => row.dataset.words.includes(word));
      });
      document.querySelectorAll("#history-chooser-body .history-choices").forEach((part) => {
        part.hidden = !part.querySelector(".history-choice-line:not([hidden])");
      });
      return String(text || "");
    },

    choose: function (all, none, usual, chosen) {
      const trigger = window.dash_clientside.callback_context.triggered_id;
      if (trigger === "history-choose-standard") return standard();
      const rows = shownRows().filter((row) => !row.hidden).map((row) => row.dataset.column);
      if (trigger === "history-choose-all") return [...new Set([...(chosen || []), ...rows])].slice(0, 120);
      return (chosen || []).filter((name) => name === "name" || !rows.includes(name));
    },

    /* Gives the table the chosen columns: those it has stay where they are, new ones come last. */
    apply: function (chosen, known, before) {
      const no = window.dash_clientside.no_update;
      const grid = window.dash_clientside.history.api();
      if (!grid || !known || !chosen) return [no, no];
      const wanted = new Set(["name", ...chosen]);
      const order = grid.getColumnState().map((item) => item.colId).filter((id) => !FIXED.includes(id));
      const kept = order.filter((id) => wanted.has(id));
      const added = [...wanted].filter((id) => !kept.includes(id) && known[id]);
      const next = [...kept, ...added];
      if (next.join() === (before || []).join() && !added.length) return [no, no];
      const ends = (id) => ({ ...grid.getColumnDef(id) });
      const defined = next.map((id) => (kept.includes(id) ? { ...grid.getColumnDef(id) } : known[id]));
      if (added.length === 1) showSoon(added[0]);
      return [[ends("card"), ...defined, ends("menu")], next];
    },
  };
})();
