/* The comparison: its state in the address, adding and taking out runs, a closer look at a pair. */
window.dash_clientside = window.dash_clientside || {};

(function () {
  const PAGE = "/compare";

  function visit(query) {
    const text = query.toString().replaceAll("%2C", ",");
    window.history.pushState({}, "", text ? PAGE + "?" + text : PAGE);
    window.dispatchEvent(new CustomEvent("_dashprivate_pushstate"));
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

  window.dash_clientside.compare = {
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
