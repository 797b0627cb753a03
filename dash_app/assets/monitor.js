/* The monitor's live parts: the stream of server-sent events, curve styles, dialogs.
   The stream also wakes the page when the run reports something, so slow polling is enough. */
window.dash_clientside = window.dash_clientside || {};

(function () {
  "use strict";

  const DOING = { pause: "pausing", resume: "resuming", stop: "stopping", cancel: "cancelling", retry: "retrying" };
  const stream = { source: null, run: null, last: 0 };
  const view = { live: true };
  const no_update = () => window.dash_clientside.no_update;

  function nudge() {
    if (view.live) window.dash_clientside.set_props("monitor-nudge", { data: Date.now() });
  }

  function tell(text) {
    if (box()) window.dash_clientside.set_props("monitor-log-state", { children: text });
  }

  function box() {
    return document.getElementById("monitor-log");
  }

  function close() {
    if (stream.source) stream.source.close();
    stream.source = null;
  }

  function open() {
    close();
    if (!box() || !stream.run) return;
    const source = new EventSource("/api/task-logs/" + encodeURIComponent(stream.run.task_id) + "?since=" + stream.last);
    stream.source = source;
    source.addEventListener("open", () => tell("live"));
    source.addEventListener("log", (event) => { if (alive(source)) addLine(JSON.parse(event.data)); });
    source.addEventListener("progress", () => { if (alive(source)) nudge(); });
    source.addEventListener("offline", () => { if (alive(source)) tell("waiting for Redis"); });
    source.addEventListener("online", () => { if (alive(source)) { tell("live"); nudge(); } });
    source.addEventListener("end", (event) => { if (alive(source)) end(); });
    source.addEventListener("error", () => { if (alive(source)) tell("reconnecting"); });
  }

  /* A stream whose page was left closes itself at its next word. */
  function alive(source) {
    if (stream.source === source && box()) return true;
    source.close();
    return false;
  }

  function end() {
    close();
    tell(stream.last ? "complete" : "no lines were kept");
    nudge();
  }

  function addLine(line) {
    if (line.id <= stream.last) return;
    stream.last = line.id;
    window.dash_clientside.log.add(line);
  }

  /* Browsers allow six connections to one host: a hidden page gives its stream back. */
  document.addEventListener("visibilitychange", () => {
    if (!box() || !stream.run) return;
    if (document.hidden) { if (stream.source) { close(); stream.asleep = true; } }
    else if (stream.asleep) { stream.asleep = false; open(); nudge(); }
  });

  function restyle(graph, smooth) {
    const count = (graph.data.length - 1) / 2;
    const raw = [...Array(count).keys()];
    if (!count || graph.data[count].visible === smooth) return;
    window.Plotly.restyle(graph, { opacity: smooth ? 0.3 : 1 }, raw);
    window.Plotly.restyle(graph, { visible: smooth }, raw.map((i) => i + count));
  }

  function rescale(graph, log) {
    const type = log ? "log" : "linear";
    if ((graph.layout.yaxis.type || "linear") === type) return;
    if (!log && !graph.layout.yaxis.type) return;
    window.Plotly.relayout(graph, { "yaxis.type": type, "yaxis.autorange": true });
  }

  function applyStyle(log, smooth, triesLeft) {
    const graphs = ["monitor-loss", "monitor-score"].map((key) => window.dash_clientside.chart.graphOf(key));
    if (graphs.some((graph) => !graph || !graph.data || !window.Plotly)) {
      if (triesLeft) setTimeout(() => applyStyle(log, smooth, triesLeft - 1), 150);
      return;
    }
    graphs.forEach((graph) => restyle(graph, smooth));
    rescale(graphs[0], log);
  }

  window.dash_clientside.monitor = {
    /* The press is seen at once; the server's answer then says what became of it. */
    acknowledge: function () {
      const trigger = window.dash_clientside.callback_context.triggered[0];
      const button = trigger && trigger.value ? trigger.prop_id.split(".")[0] : "";
      const order = button.replace("monitor-", "").replace("-confirm", "");
      const doing = DOING[order];
      const actions = document.getElementById("monitor-actions");
      if (!doing || !actions) return [no_update(), no_update()];
      const state = [...actions.classList].find((name) => name.startsWith("is-") && name !== "is-ordered") || "";
      const chip = {
        namespace: "dash_html_components",
        type: "Span",
        props: { className: "chip chip-" + state.replace("is-", ""), children: doing + " …" },
      };
      return ["run-actions " + state + " is-ordered order-" + order, chip];
    },
    toggleModal: function (opened) {
      const trigger = window.dash_clientside.callback_context.triggered[0];
      if (!trigger || !trigger.value) return no_update();
      return trigger.prop_id === "monitor-stop.n_clicks" || trigger.prop_id === "monitor-cancel.n_clicks";
    },
    openStream: function (run) {
      close();
      if (!run) return no_update();
      const again = stream.run && stream.run.task_id === run.task_id && box() && box().childElementCount;
      Object.assign(stream, { run: run, last: again ? stream.last : 0, asleep: false });
      open();
      return "connecting";
    },
    setLive: function (live) {
      view.live = live;
      if (live) nudge();
      return live ? -1 : 0;
    },
    styleCurves: function (log, smooth) {
      applyStyle(Boolean(log), Boolean(smooth), 20);
      return (log ? "log " : "") + (smooth ? "smooth" : "");
    },
  };
})();
