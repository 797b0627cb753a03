/* Exports a chart as PNG, SVG or CSV, and links hover and zoom of charts that stand together. */
window.dash_clientside = window.dash_clientside || {};

(function () {
  "use strict";

  const EXPORT_SIZE = { width: 960, height: 540 };

  function graphOf(key) {
    const holder = document.getElementById(JSON.stringify({ key: key, type: "chart-graph" }));
    return holder && (holder.classList.contains("js-plotly-plot") ? holder : holder.querySelector(".js-plotly-plot"));
  }

  /* A quick click may come before the chart is drawn. */
  async function drawn(key) {
    for (let tries = 0; tries < 50; tries += 1) {
      const graph = graphOf(key);
      if (graph && graph.data && window.Plotly) return graph;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    return null;
  }

  function save(blob, name) {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(blob);
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  }

  function unescaped(text) {
    return String(text).replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
  }

  function cell(value) {
    if (value === null || value === undefined) return "";
    if (typeof value === "number") return String(value);
    const text = unescaped(value);
    // A spreadsheet runs what begins like a formula; a leading apostrophe makes it words.
    const safe = /^[=+\-@\t\r]/.test(text) ? "'" + text : text;
    return /[",\n]/.test(safe) ? '"' + safe.replaceAll('"', '""') + '"' : safe;
  }

  function axisTitle(graph, axis, fallback) {
    const title = graph.layout[axis] && graph.layout[axis].title;
    return (title && title.text) || fallback;
  }

  function rowsOf(graph) {
    const x = axisTitle(graph, "xaxis", "x");
    const y = axisTitle(graph, "yaxis", "y");
    const first = graph.data[0] || {};
    if (first.type === "heatmap") {
      const cells = first.z.flatMap((row, r) => row.map((value, c) => [first.y[r], first.x[c], value]));
      return [[y, x, "value"], ...cells];
    }
    if (first.type === "bar") {
      const error = first.error_x;
      const ends = (i) => (error ? [first.x[i] - error.arrayminus[i], first.x[i] + error.array[i]] : []);
      return [["name", x, ...(error ? ["low", "high"] : [])], ...first.y.map((name, i) => [name, first.x[i], ...ends(i)])];
    }
    const shown = graph.data.filter((trace) => trace.meta !== "band" && trace.meta !== "helper");
    const bands = shown.some((trace) => trace.customdata);
    const rows = shown.flatMap((trace) =>
      trace.x.map((value, i) => [trace.name, value, trace.y[i], ...(trace.customdata && trace.customdata[i] || [])]));
    return [["series", x, y, ...(bands ? ["low", "high"] : [])], ...rows];
  }

  function saveCsv(graph, name) {
    const text = rowsOf(graph).map((row) => row.map(cell).join(",")).join("\r\n") + "\r\n";
    save(new Blob(["\ufeff" + text], { type: "text/csv;charset=utf-8" }), name + ".csv");
  }

  function titleOf(graph) {
    const card = graph.closest(".chart-card");
    const heading = card && card.querySelector("h2");
    return heading ? heading.textContent : "";
  }

  async function savePicture(graph, format, name) {
    const cursors = window.dash_clientside.cursors.drawing(graph);
    const layout = Object.assign({}, graph.layout, {
      shapes: [...(graph.layout.shapes || []), ...cursors.shapes],
      annotations: [...(graph.layout.annotations || []), ...cursors.annotations],
      paper_bgcolor: "#ffffff",
      plot_bgcolor: "#ffffff",
      title: { text: titleOf(graph).replaceAll("<", "&lt;"), x: 0.01, xanchor: "left", font: { size: 15, color: "#1a1f26" } },
      margin: Object.assign({}, graph.layout.margin, { t: 76, l: 24, r: 32, b: 24 }),
    });
    const height = Math.max(EXPORT_SIZE.height, graph.clientHeight);
    const size = { format: format, width: EXPORT_SIZE.width, height: height, scale: format === "png" ? 2 : 1 };
    const url = await window.Plotly.toImage({ data: graph.data, layout: layout }, size);
    save(await blobOf(url), name + "." + format);
  }

  /* fetch() of a data: URL is refused by the page's own security policy. */
  function blobOf(url) {
    const [head, body] = [url.slice(0, url.indexOf(",")), url.slice(url.indexOf(",") + 1)];
    if (!head.includes("base64")) return new Blob([decodeURIComponent(body)], { type: "image/svg+xml" });
    const bytes = Uint8Array.from(atob(body), (letter) => letter.charCodeAt(0));
    return new Blob([bytes], { type: "image/png" });
  }

  window.dash_clientside.chart = {
    exportChart: async function () {
      const trigger = window.dash_clientside.callback_context.triggered_id;
      const clicked = window.dash_clientside.callback_context.triggered.some((item) => item.value);
      const graph = trigger && clicked && await drawn(trigger.key);
      if (!graph) return window.dash_clientside.no_update;
      const name = trigger.key.replace(/[^\w-]+/g, "_");
      if (trigger.format === "csv") saveCsv(graph, name);
      else await savePicture(graph, trigger.format, name);
      return "Saved " + name + "." + trigger.format;
    },
    graphOf: graphOf,
  };

  /* Charts inside one ".linked-charts" point at the same x and zoom together. */
  let leading = null;

  function neighbours(graph) {
    const box = graph.closest(".linked-charts");
    return box ? [...box.querySelectorAll(".js-plotly-plot")].filter((other) => other !== graph) : [];
  }

  function lead(graph, action) {
    if (leading && leading !== graph) return;
    leading = graph;
    try { neighbours(graph).forEach(action); } finally { leading = null; }
  }

  function link(graph) {
    graph.dataset.linked = "yes";
    graph.on("plotly_hover", (event) => lead(graph, (other) => {
      window.Plotly.Fx.hover(other, { xval: event.points[0].x, yval: 0 }, "xy");
    }));
    graph.on("plotly_unhover", () => lead(graph, (other) => window.Plotly.Fx.unhover(other)));
    graph.on("plotly_relayout", (change) => {
      const keys = ["xaxis.range[0]", "xaxis.range[1]", "xaxis.autorange"].filter((key) => key in change);
      if (!keys.length || leading) return;
      leading = graph;
      const picked = Object.fromEntries(keys.map((key) => [key, change[key]]));
      Promise.all(neighbours(graph).map((other) => window.Plotly.relayout(other, picked))).finally(() => { leading = null; });
    });
  }

  document.addEventListener("mouseover", (event) => {
    const graph = event.target.closest && event.target.closest(".linked-charts .js-plotly-plot");
    if (graph && graph.on && graph.dataset.linked !== "yes") link(graph);
  }, true);
})();
