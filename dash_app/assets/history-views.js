/* Saved views of the history, and the note that lets a deletion be undone. */
window.dash_clientside = window.dash_clientside || {};

(function () {
  const UNDO_MS = 15000;
  let leaving = null;

  function tell(action, view) {
    const state = window.dash_clientside.history.state();
    window.dash_clientside.set_props("history-view-action", {
      data: { kind: action, view: Number(view) || 0, query: state, at: Date.now() },
    });
    window.dash_clientside.set_props("history-views", { opened: false });
  }

  function copyLink() {
    const text = window.location.href;
    if (navigator.clipboard) navigator.clipboard.writeText(text);
    window.dash_clientside.set_props("history-views", { opened: false });
  }

  function chosen(button) {
    const action = button.dataset.viewAction;
    const history = window.dash_clientside.history;
    if (action === "open") history.visit("/experiments?view=" + Number(button.dataset.view) + "&opened=" + Date.now());
    else if (action === "reset") history.visit("/experiments?view=0&opened=" + Date.now());
    else if (action === "copy") copyLink();
    else tell(action, action === "update" ? history.facts().view : button.dataset.view);
  }

  function hideUndo() {
    const box = document.getElementById("history-undo-box");
    if (box) box.hidden = true;
  }

  function leaveSoon() {
    clearTimeout(leaving);
    leaving = setTimeout(hideUndo, UNDO_MS);
  }

  window.dash_clientside.historyViews = {
    /* Says whether what is shown differs from the view that was opened. */
    mark: function (state) {
      const button = document.getElementById("history-view");
      const saved = window.dash_clientside.history.facts().query;
      if (button) button.dataset.changed = String(Boolean(saved !== undefined && saved !== "" && saved !== state));
    },
  };
  window.dash_clientside.historyUndo = {
    show: function (deleted) {
      const box = document.getElementById("history-undo-box");
      if (!box || !deleted) {
        hideUndo();
        return "";
      }
      document.getElementById("history-undo-words").textContent = deleted.words;
      box.hidden = false;
      leaveSoon();
      return String(deleted.ids.length);
    },
  };

  document.addEventListener("click", function (event) {
    const button = event.target.closest("[data-view-action]");
    if (button && button.closest(".history-views")) chosen(button);
    if (event.target.closest("#history-undo-button, #history-undo-close")) hideUndo();
  });
  /* Who reads the note, or stands on it with the keyboard, has all the time. */
  ["mouseover", "focusin"].forEach((kind) =>
    document.addEventListener(kind, (event) => {
      if (event.target.closest && event.target.closest("#history-undo-box")) clearTimeout(leaving);
    }),
  );
  ["mouseout", "focusout"].forEach((kind) =>
    document.addEventListener(kind, (event) => {
      if (event.target.closest && event.target.closest("#history-undo-box")) leaveSoon();
    }),
  );
})();
