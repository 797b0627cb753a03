/* The queue: its buttons act through one store, and keep the focus when the list is drawn anew. */
window.dash_clientside = window.dash_clientside || {};

(function () {
  "use strict";
  const set = (id, props) => window.dash_clientside.set_props(id, props);
  let pressed = null;

  function ask(button) {
    const name = button.dataset.name;
    set("queue-asked", { data: Number(button.dataset.run) });
    set("queue-cancel-what", { children: "“" + name + "” ends without being evaluated. Retry starts it again later." });
    set("queue-cancel", { opened: true });
  }

  function move(button) {
    pressed = { run: button.dataset.run, how: button.dataset.how };
    const row = button.closest("tr");
    if (row) row.classList.add("queue-moving");
    set("queue-action", { data: { run: Number(pressed.run), how: pressed.how, at: Date.now() } });
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest && event.target.closest(".queue-button");
    if (!button) return;
    if (button.dataset.how === "cancel") ask(button);
    else move(button);
  });

  function settle() {
    document.querySelectorAll(".queue-moving").forEach((row) => row.classList.remove("queue-moving"));
    if (!pressed) return;
    const again = document.querySelector(`.queue-button[data-run="${Number(pressed.run)}"][data-how="${CSS.escape(pressed.how)}"]`);
    pressed = null;
    if (again) again.focus({ preventScroll: true });
  }

  window.dash_clientside.queue = {
    giveFocusBack: function () {
      requestAnimationFrame(() => setTimeout(settle, 0));
      return window.dash_clientside.no_update;
    },
  };
})();
