/* The Use tab: recordings dropped or chosen go to the model, with what was allowed. */
(function () {
  "use strict";
  const byId = (id) => document.getElementById(id);
  const zone = () => byId("use-drop");
  let request = null, kept = null, options = {};

  function complain(text) {
    const place = byId("use-error");
    if (!place) return;
    place.textContent = text;
    place.hidden = !text;
  }

  function showProgress(done, total, words) {
    const box = byId("use-progress");
    if (!box) return;
    const percent = total ? Math.round((100 * done) / total) : 0;
    box.hidden = false;
    byId("use-words").textContent = words;
    byId("use-bar").style.width = percent + "%";
    byId("use-bar").parentElement.setAttribute("aria-valuenow", String(percent));
  }

  function hideProgress() {
    if (byId("use-progress")) byId("use-progress").hidden = true;
    request = null;
  }

  function send(found) {
    complain("");
    if (request) return complain("An upload is running. Wait for it, or cancel it first.");
    if (!found || !found.length) return complain("There were no files in it. Choose recordings.");
    kept = found;
    window.dash_clientside.set_props("use-again", { disabled: false });
    const form = new FormData();
    form.append("options", JSON.stringify(options));
    let total = 0;
    for (const item of found) {
      total += item.file.size;
      form.append("files", item.file, item.path);
    }
    const size = window.signalbenchFiles.size;
    const words = found.length + (found.length === 1 ? " file, " : " files, ") + size(total);
    request = new XMLHttpRequest();
    request.open("POST", "/api/experiments/" + Number(zone().dataset.experiment) + "/predict");
    request.responseType = "json";
    request.upload.onprogress = (event) => {
      const state = event.loaded < event.total ? size(event.loaded) + " of " + words : "Storing " + words;
      showProgress(event.loaded, event.total, state);
    };
    request.onload = () => finished(request);
    request.onerror = () => { hideProgress(); complain("The upload broke off. Check the connection and send it again."); };
    request.onabort = hideProgress;
    showProgress(0, total, "Sending " + words);
    request.send(form);
  }

  function finished(done) {
    hideProgress();
    const answer = done.response || {};
    if (done.status === 202 && Number.isInteger(answer.id)) {
      window.dash_clientside.set_props("use-poll", { disabled: false, max_intervals: -1 });
      window.dash_clientside.set_props("use-job", { data: answer.id });
    } else {
      complain(answer.detail || "The recordings were not taken. Try again.");
    }
  }

  function choose() {
    const input = document.createElement("input");
    input.type = "file";
    input.multiple = true;
    input.onchange = () => send(Array.from(input.files).map((file) => ({ file: file, path: file.name })));
    input.click();
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest && event.target.closest("#use-files, #use-again, #use-cancel");
    if (!button) return;
    if (button.id === "use-cancel") { if (request) request.abort(); } else if (button.id === "use-again") send(kept); else choose();
  });
  document.addEventListener("dragover", (event) => {
    if (!zone() || !zone().offsetParent) return;
    event.preventDefault();
    zone().classList.add("dragging");
  });
  document.addEventListener("dragleave", (event) => {
    if (zone() && !event.relatedTarget) zone().classList.remove("dragging");
  });
  document.addEventListener("drop", async (event) => {
    if (!zone() || !zone().offsetParent) return;
    event.preventDefault();
    zone().classList.remove("dragging");
    try {
      send(await window.signalbenchFiles.dropped(event.dataTransfer.items));
    } catch (error) {
      complain("The folder could not be read. Choose the files with the button instead.");
    }
  });
  window.addEventListener("beforeunload", (event) => { if (request) event.preventDefault(); });

  const number = (value) => (typeof value === "number" && value > 0 ? value : null);
  window.dash_clientside = window.dash_clientside || {};
  window.dash_clientside.use = {
    options: function (rate, rpm, resample, inOrder, interpolate) {
      options = {
        sampling_rate_hz: number(rate), rpm: number(rpm), resample: Boolean(resample),
        channels_in_order: Boolean(inOrder), interpolate: Boolean(interpolate),
      };
      return options;
    },
  };
})();
