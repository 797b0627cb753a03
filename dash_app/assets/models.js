// Buttons of a model's versions: one listener on the page's body, which is drawn anew now and then.
window.dash_clientside = Object.assign({}, window.dash_clientside, {
  models: {
    listen: function () {
      const body = document.getElementById("model-body");
      if (body && !body.dataset.heard) {
        body.dataset.heard = "yes";
        body.addEventListener("click", function (event) {
          const button = event.target.closest(".model-action");
          if (!button) return;
          dash_clientside.set_props("model-action", {
            data: { how: button.dataset.how, version: button.dataset.version, at: Date.now() },
          });
        });
      }
      return "yes";
    },
  },
});
