/* Sends an archive of experiments to be imported, with progress beside the button. */
(function () {
  "use strict";
  const byId = (id) => document.getElementById(id);

  function say(state, error) {
    if (byId("storage-import-state")) byId("storage-import-state").textContent = state;
    if (byId("storage-import-error")) byId("storage-import-error").textContent = error;
  }

  function send(file) {
    if (!/\.zip$/i.test(file.name)) return say("", "Choose a zip file that a bench exported.");
    const form = new FormData();
    form.append("files", file, file.name);
    const request = new XMLHttpRequest();
    request.open("POST", "/api/imports");
    request.responseType = "json";
    request.upload.onprogress = (event) => {
      say("Sending " + file.name + ", " + Math.round((100 * event.loaded) / event.total) + " %", "");
    };
    request.onload = () => {
      const answer = request.response || {};
      if (request.status !== 202) return say("", answer.detail || "The archive was not taken. Try again.");
      say(file.name + " was sent; see below what becomes of it.", "");
      window.dash_clientside.set_props("storage-version", { data: Date.now() });
    };
    request.onerror = () => say("", "The upload broke off. Check the connection and send it again.");
    say("Sending " + file.name, "");
    request.send(form);
  }

  document.addEventListener("click", (event) => {
    if (!event.target.closest || !event.target.closest("#storage-import")) return;
    const input = document.createElement("input");
    input.type = "file";
    input.accept = ".zip,application/zip";
    input.onchange = () => { if (input.files.length) send(input.files[0]); };
    input.click();
  });
})();
