/* Uploads: files and folders, dropped or chosen, streamed by XMLHttpRequest with progress. */
(function () {
  "use strict";
  const byId = (id) => document.getElementById(id);
  const zone = () => byId("datasets-drop");
  let request = null;

  function size(bytes) {
    const units = ["B", "kB", "MB", "GB"];
    let value = bytes, unit = 0;
    while (value >= 1000 && unit < units.length - 1) { value /= 1000; unit += 1; }
    return (unit === 0 ? value : value.toFixed(1)) + " " + units[unit];
  }

  function complain(text) {
    const place = byId("upload-error");
    if (!place) return;
    place.textContent = text;
    place.hidden = !text;
  }

  function showProgress(done, total, words) {
    const box = byId("upload-progress");
    if (!box) return;
    const percent = total ? Math.round((100 * done) / total) : 0;
    box.hidden = false;
    byId("upload-words").textContent = words;
    byId("upload-bar").style.width = percent + "%";
    byId("upload-bar").parentElement.setAttribute("aria-valuenow", String(percent));
  }

  function hideProgress() {
    const box = byId("upload-progress");
    if (box) box.hidden = true;
    request = null;
  }

  /* Every entry becomes {file, path}; folders are walked, so that they can name the classes. */
  async function walk(entry, path, found) {
    if (entry.isFile) {
      const file = await new Promise((ok, no) => entry.file(ok, no));
      found.push({ file: file, path: path + file.name });
      return;
    }
    const reader = entry.createReader();
    for (;;) {
      const batch = await new Promise((ok, no) => reader.readEntries(ok, no));
      if (!batch.length) return;
      for (const inner of batch) await walk(inner, path + entry.name + "/", found);
    }
  }

  async function dropped(items) {
    const files = Array.from(items).filter((item) => item.kind === "file");
    // Both must be asked before the first wait: the browser empties the list after the event.
    const pairs = files.map((item) => [item.webkitGetAsEntry && item.webkitGetAsEntry(), item.getAsFile()]);
    const found = [];
    for (const [entry, file] of pairs) {
      if (entry) await walk(entry, "", found);
      else if (file) found.push({ file: file, path: file.name });
    }
    return found;
  }

  window.signalbenchFiles = { dropped: dropped, size: size };

  function nameOf(found) {
    const tops = new Set(found.map((item) => item.path.split("/")[0]));
    if (tops.size > 1) return found.length + " files";
    const top = Array.from(tops)[0];
    return found[0].path.includes("/") ? top : top.replace(/\.[^.]+$/, "");
  }

  function send(found) {
    complain("");
    if (request) return complain("An upload is running. Wait for it, or cancel it first.");
    if (!found.length) return complain("There were no files in it. Choose a folder with recordings.");
    const form = new FormData();
    form.append("name", nameOf(found));
    form.append("review", "true");
    let total = 0;
    for (const item of found) {
      total += item.file.size;
      form.append("files", item.file, item.path);
    }
    const words = found.length + (found.length === 1 ? " file, " : " files, ") + size(total);
    request = new XMLHttpRequest();
    request.open("POST", "/api/datasets");
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
    if (done.status === 201 && Number.isInteger(answer.id)) {
      window.dash_clientside.set_props("shell-location", { href: "/datasets/" + answer.id });
    } else {
      complain(answer.detail || "The upload was not taken. Try again.");
    }
  }

  function choose(folder) {
    const input = document.createElement("input");
    input.type = "file";
    input.multiple = true;
    if (folder) input.webkitdirectory = true;
    input.onchange = () => send(Array.from(input.files).map((file) => (
      { file: file, path: file.webkitRelativePath || file.name }
    )));
    input.click();
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest && event.target.closest("#upload-files, #upload-folder, #upload-cancel");
    if (!button) return;
    if (button.id === "upload-cancel") { if (request) request.abort(); } else choose(button.id === "upload-folder");
  });
  document.addEventListener("dragover", (event) => {
    if (!zone()) return;
    event.preventDefault();
    zone().classList.add("dragging");
  });
  document.addEventListener("dragleave", (event) => {
    if (zone() && !event.relatedTarget) zone().classList.remove("dragging");
  });
  document.addEventListener("drop", async (event) => {
    if (!zone()) return;
    event.preventDefault();
    zone().classList.remove("dragging");
    try {
      send(await dropped(event.dataTransfer.items));
    } catch (error) {
      complain("The folder could not be read. Choose it with the button instead.");
    }
  });
  window.addEventListener("beforeunload", (event) => { if (request) event.preventDefault(); });

  const renderers = (window.dashAgGridComponentFunctions = window.dashAgGridComponentFunctions || {});
  renderers.DatasetLink = (props) => window.React.createElement(
    "a",
    {
      href: "/datasets/" + Number(props.data.id),
      onClick: (event) => {
        event.preventDefault();
        window.dash_clientside.set_props("shell-location", { href: "/datasets/" + Number(props.data.id) });
      },
    },
    props.value
  );
})();
