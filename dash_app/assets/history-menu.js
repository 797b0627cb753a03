/* The menu of a row, or of all selected rows: what their states allow. */
window.dash_clientside = window.dash_clientside || {};

(function () {
  const GRID = "history-grid";
  const ORDERS = ["pause", "resume", "stop", "cancel", "retry"];
  const SEVERAL = [...ORDERS, "report", "export", "keep", "unkeep", "edit", "delete"];
  const CONFIRMED = ["stop", "cancel"];
  let menuRows = [];
  let menuButton = null;

  const api = () => window.dash_clientside.history.api();
  const visit = (href) => window.dash_clientside.history.visit(href);

  function act(kind, ids) {
    window.dash_clientside.set_props("history-action", { data: { kind: kind, ids: ids, at: Date.now() } });
  }

  function closeMenu() {
    const menu = document.getElementById("history-menu");
    if (menu) menu.hidden = true;
    if (menuButton) menuButton.setAttribute("aria-expanded", "false");
    menuRows = [];
  }

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

  window.dash_clientside.historyMenu = {
    open: (button, row) => openMenu(button, [row], button.getBoundingClientRect()),
  };

  document.addEventListener("keydown", function (event) {
    const menu = document.getElementById("history-menu");
    if (menu && !menu.hidden) menuKey(event, menu);
  });
  document.addEventListener("click", function (event) {
    const item = event.target.closest("#history-menu button");
    const several = event.target.closest("#history-bulk-actions");
    if (item) choose(item.dataset.action);
    else if (several && api()) {
      const rows = window.dash_clientside.history.runsOf(api().getSelectedRows());
      openMenu(several, rows, several.getBoundingClientRect());
    } else if (!event.target.closest(".cell-menu")) closeMenu();
  });
  document.addEventListener("contextmenu", function (event) {
    const cell = event.target.closest && event.target.closest("#" + GRID + " .ag-row");
    const node = cell && api() ? api().getRowNode(cell.getAttribute("row-id")) : null;
    /* Links keep the browser's own menu: open in a new tab, copy the address. */
    if (!node || !node.data || !node.data.id || event.target.closest("a") || !event.clientX) return;
    event.preventDefault();
    const at = { right: event.clientX + 190, bottom: event.clientY, top: event.clientY };
    openMenu(cell.querySelector(".cell-menu"), [node.data], at);
  });
  document.addEventListener("scroll", closeMenu, true);
})();
