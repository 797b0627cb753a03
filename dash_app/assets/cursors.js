/* Harmonic and sideband cursors over the spectra of the Signals tab: dragged, moved by keys, typed. */
window.dash_clientside = window.dash_clientside || {};

(function () {
  "use strict";

  const KEYS = ["signal_spectrum", "signal_spectrum_predicted", "signal_envelope", "signal_envelope_predicted"];
  const BASE = "signals-cursor-base";
  const SPACING = "signals-cursor-spacing";
  const CLOSEST_LABELS_PX = 16;
  const SNAP_SHARE = 0.03;
  const PEAK_OVER_MEDIAN = 2;
  const PEAK_REACH = 40;

  /* Frequencies are kept as shown (in the unit of the axes). */
  const state = { mode: "harmonic", base: null, spacing: null, count: 5, snap: "peaks", lines: null };
  let factor = null;
  let waiting = 0;

  function graphs() {
    return KEYS.map((key) => [key, window.dash_clientside.chart.graphOf(key)])
      .filter(([, graph]) => graph && graph._fullLayout && graph.data);
  }

  function curveOf(graph) {
    return graph.data.find((trace) => trace.type === "scatter" && trace.meta !== "band");
  }

  /* The point nearest to a frequency; x is ascending. */
  function nearest(x, at) {
    let low = 0;
    let high = x.length - 1;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (x[middle] < at) low = middle; else high = middle;
    }
    return Math.abs(x[low] - at) <= Math.abs(x[high] - at) ? low : high;
  }

  /* Reading the highest of three points forgives a cursor that stands beside the peak. */
  function amplitudeAt(graph, at) {
    const curve = curveOf(graph);
    if (!curve || !curve.x.length || at < curve.x[0] || at > curve.x[curve.x.length - 1]) return null;
    const i = nearest(curve.x, at);
    return Math.max(...[i - 1, i, i + 1].map((j) => curve.y[j] ?? 0));
  }

  function placesOf() {
    const { mode, base, spacing, count } = state;
    if (mode === "off" || !(base > 0)) return [];
    if (mode === "harmonic") {
      return Array.from({ length: count }, (_, i) => ({ at: (i + 1) * base, name: String(i + 1) }));
    }
    const half = spacing > 0 ? count : 0;
    return Array.from({ length: 2 * half + 1 }, (_, i) => i - half)
      .map((k) => ({ at: base + k * spacing, name: k === 0 ? "C" : (k > 0 ? "+" : "\u2212") + Math.abs(k) }))
      .filter((place) => place.at > 0);
  }

  function peakNear(graph, at) {
    const curve = curveOf(graph);
    if (!curve) return at;
    const i = nearest(curve.x, at);
    const reach = Math.max(2, Math.abs(nearest(curve.x, at * (1 + SNAP_SHARE)) - i));
    let best = i;
    for (let j = Math.max(0, i - reach); j <= Math.min(curve.x.length - 1, i + reach); j += 1) {
      if (curve.y[j] > curve.y[best]) best = j;
    }
    return curve.x[best];
  }

  function lineNear(at) {
    const known = (state.lines && state.lines.lines) || [];
    const shown = known.flatMap((line) => [1, 2, 3].map((k) => k * line.hz * state.lines.factor));
    const near = shown.filter((place) => Math.abs(place - at) <= 2 * SNAP_SHARE * at);
    return near.length ? near.reduce((a, b) => (Math.abs(a - at) < Math.abs(b - at) ? a : b)) : at;
  }

  function snapped(graph, at) {
    if (state.snap === "lines") return lineNear(at);
    return state.snap === "peaks" ? peakNear(graph, at) : at;
  }

  function medianAround(y, i) {
    const near = y.slice(Math.max(0, i - PEAK_REACH), i + PEAK_REACH + 1).sort((a, b) => a - b);
    return near[near.length >> 1];
  }

  /* The next local peak that stands out of the floor, for the arrow keys. */
  function nextPeak(graph, at, way) {
    const { x, y } = curveOf(graph);
    for (let i = nearest(x, at) + way; i > 0 && i < x.length - 1; i += way) {
      if (y[i] >= y[i - 1] && y[i] >= y[i + 1] && y[i] > PEAK_OVER_MEDIAN * medianAround(y, i)) return x[i];
    }
    return at;
  }

  function stepped(graph, at, way, many) {
    const known = (state.lines && state.lines.lines) || [];
    if (state.snap === "lines" && known.length && !many) {
      const places = known.map((line) => line.hz * state.lines.factor).sort((a, b) => a - b);
      const beyond = places.filter((place) => (place - at) * way > 1e-6 * at);
      return beyond.length ? (way > 0 ? beyond[0] : beyond[beyond.length - 1]) : at;
    }
    if (state.snap === "peaks" && !many) return nextPeak(graph, at, way);
    const { x } = curveOf(graph);
    return at + way * (many ? 10 : 1) * (x[1] - x[0]);
  }

  function rounded(value) { return Number(value.toPrecision(6)); }

  function say(id, value) {
    if (!(value > 0)) return;
    window.dash_clientside.set_props(id, { value: rounded(value) });
  }

  function setBase(value) { state.base = value; drawAll(); }
  function setSpacing(value) { state.spacing = Math.abs(value); drawAll(); }

  function layerOf(graph) {
    let layer = graph.querySelector(":scope > .cursor-layer");
    if (!layer) {
      layer = document.createElement("div");
      layer.className = "cursor-layer";
      graph.appendChild(layer);
    }
    return layer;
  }

  function handleOf(layer, kind, graph) {
    let handle = layer.querySelector(".cursor-handle[data-kind='" + kind + "']");
    if (handle) return handle;
    handle = document.createElement("div");
    handle.className = "cursor-handle";
    handle.dataset.kind = kind;
    handle.tabIndex = 0;
    handle.setAttribute("role", "slider");
    handle.setAttribute("aria-label", kind === "base" ? "Cursor frequency" : "Sideband spacing");
    layer.appendChild(handle);
    handle.addEventListener("pointerdown", (event) => drag(event, handle, graph));
    handle.addEventListener("keydown", (event) => press(event, kind, graph));
    return handle;
  }

  function positionIn(graph, event) {
    const axis = graph._fullLayout.xaxis;
    const left = event.clientX - graph.getBoundingClientRect().left - axis._offset;
    return axis.p2d(Math.min(axis._length, Math.max(0, left)));
  }

  function drag(event, handle, graph) {
    event.preventDefault();
    event.stopPropagation();
    handle.focus();
    handle.setPointerCapture(event.pointerId);
    const kind = handle.dataset.kind;
    const move = (moved) => {
      const at = positionIn(graph, moved);
      if (kind === "base") setBase(Math.max(at, 1e-9)); else setSpacing(at - state.base);
    };
    const end = () => {
      handle.removeEventListener("pointermove", move);
      handle.removeEventListener("pointerup", end);
      handle.removeEventListener("pointercancel", end);
      if (kind === "base") setBase(snapped(graph, state.base));
      else setSpacing(snapped(graph, state.base + state.spacing) - state.base);
      tell();
    };
    handle.addEventListener("pointermove", move);
    handle.addEventListener("pointerup", end);
    handle.addEventListener("pointercancel", end);
  }

  function press(event, kind, graph) {
    const way = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1 }[event.key];
    if (!way) return;
    event.preventDefault();
    event.stopPropagation();
    if (kind === "base") setBase(Math.max(1e-9, stepped(graph, state.base, way, event.shiftKey)));
    else {
      const { x } = curveOf(graph);
      setSpacing(Math.max(x[1] - x[0], state.spacing + way * (event.shiftKey ? 10 : 1) * (x[1] - x[0])));
    }
    tell();
  }

  function tell() {
    say(BASE, state.base);
    say(SPACING, state.spacing);
  }

  function draw(graph) {
    const layer = layerOf(graph);
    const { xaxis, yaxis } = graph._fullLayout;
    const shown = placesOf()
      .map((place) => ({ ...place, left: xaxis._offset + xaxis.d2p(place.at) }))
      .filter((place) => place.left >= xaxis._offset - 0.5 && place.left <= xaxis._offset + xaxis._length + 0.5);
    layer.querySelectorAll(".cursor-line").forEach((line) => line.remove());
    shown.forEach((place, i) => {
      const crowded = i > 0 && place.left - shown[i - 1].left < CLOSEST_LABELS_PX;
      const line = document.createElement("div");
      line.className = "cursor-line" + (place.name === "1" || place.name === "C" ? " cursor-main" : "");
      line.style.left = place.left + "px";
      line.style.top = yaxis._offset + "px";
      line.style.height = yaxis._length + "px";
      if (!crowded) line.dataset.name = place.name;
      layer.appendChild(line);
    });
    place(layer, graph, "base", state.mode === "off" ? null : state.base);
    place(layer, graph, "spacing", state.mode === "sideband" && state.spacing > 0 ? state.base + state.spacing : null);
  }

  function place(layer, graph, kind, at) {
    const { xaxis, yaxis } = graph._fullLayout;
    const left = at > 0 ? xaxis.d2p(at) : -1;
    const inside = left >= 0 && left <= xaxis._length;
    const handle = handleOf(layer, kind, graph);
    handle.hidden = !inside;
    if (!inside) return;
    handle.style.left = xaxis._offset + left + "px";
    handle.style.top = yaxis._offset + yaxis._length + "px";
    const value = kind === "base" ? state.base : state.spacing;
    handle.setAttribute("aria-valuemin", "0");
    handle.setAttribute("aria-valuemax", String(rounded(Math.max(xaxis.range[1], value))));
    handle.setAttribute("aria-valuenow", String(rounded(value)));
    handle.setAttribute("aria-valuetext", words(value));
  }

  function words(value) {
    const lines = state.lines || { factor: 1, unit: "Hz" };
    const hz = value / lines.factor;
    const orders = lines.shaft ? ", " + (hz / lines.shaft).toPrecision(4) + " orders" : "";
    return Number(hz.toPrecision(5)) + (lines.rated === false ? " cycles per sample" : " Hz") + orders;
  }

  function readout(found) {
    const box = document.getElementById("signals-cursor-readout");
    if (!box) return;
    const places = placesOf();
    const lines = state.lines || { factor: 1, shaft: null };
    if (!places.length) {
      box.replaceChildren(text("p", state.mode === "off" ? "The cursor is off." : "Type a frequency, or put the cursor at a known line."));
      box.firstChild.className = "muted small";
      return;
    }
    const rateless = lines.rated === false;
    const head = ["Line", rateless ? "Cycles per sample" : "Frequency (Hz)", ...(lines.shaft ? ["Order"] : []), ...found.map(([key]) => titleOf(key, found))];
    const table = document.createElement("table");
    table.className = "plain";
    const top = document.createElement("tr");
    head.forEach((name, i) => { const cell = text("th", name); cell.scope = "col"; cell.className = i ? "number" : ""; top.appendChild(cell); });
    table.appendChild(document.createElement("thead")).appendChild(top);
    const body = table.appendChild(document.createElement("tbody"));
    places.forEach((spot) => {
      const hz = spot.at / lines.factor;
      const row = document.createElement("tr");
      const cells = [spot.name, format(hz), ...(lines.shaft ? [format(hz / lines.shaft)] : []),
        ...found.map(([, graph]) => format(amplitudeAt(graph, spot.at)))];
      cells.forEach((value, i) => { const cell = text("td", value); cell.className = i ? "number" : ""; row.appendChild(cell); });
      body.appendChild(row);
    });
    box.replaceChildren(table);
  }

  /* Charts of the true and the predicted class draw the same curve: one column is enough. */
  function curves(found) { return found.filter(([key]) => !key.endsWith("_predicted")); }

  function titleOf(key, found) {
    const graph = found.find(([name]) => name === key)[1];
    const axis = graph.layout.yaxis && graph.layout.yaxis.title;
    const unit = axis && /\((.*)\)/.exec(axis.text);
    return (key === "signal_spectrum" ? "Spectrum" : "Envelope") + (unit ? " (" + unit[1] + ")" : "");
  }

  function format(value) { return value === null || value === undefined ? "–" : String(Number(value.toPrecision(4))); }
  function text(tag, words) { const made = document.createElement(tag); made.textContent = words; return made; }

  function drawAll() {
    const found = graphs();
    found.forEach(([, graph]) => {
      if (graph.dataset.cursors !== "yes") {
        graph.dataset.cursors = "yes";
        graph.on("plotly_afterplot", () => draw(graph));
        graph.on("plotly_click", (event) => clicked(graph, event));
      }
      draw(graph);
    });
    readout(curves(found));
  }

  function clicked(graph, event) {
    if (state.mode === "off" || !event.points.length) return;
    setBase(snapped(graph, event.points[0].x));
    tell();
  }

  /* Charts come by callback and are drawn a little later. */
  function drawSoon(tries) {
    clearTimeout(waiting);
    drawAll();
    if (tries > 0) waiting = setTimeout(() => drawSoon(tries - 1), 150);
  }

  function follow(lines) {
    if (!lines) return;
    if (factor && lines.factor !== factor) {
      const change = lines.factor / factor;
      if (state.base) state.base *= change;
      if (state.spacing) state.spacing *= change;
      tell();
    }
    factor = lines.factor;
    state.lines = lines;
    const first = lines.lines[0];
    if (!(state.base > 0) && first) { state.base = first.hz * factor; say(BASE, state.base); }
    if (!(state.spacing > 0) && lines.shaft) { state.spacing = lines.shaft * factor; say(SPACING, state.spacing); }
  }

  /* The cursor as shapes and notes of the figure, for saved pictures. */
  function drawing(graph) {
    const places = graph.dataset.cursors === "yes" ? placesOf() : [];
    const range = graph._fullLayout.xaxis.range;
    const shown = places.filter((spot) => spot.at >= range[0] && spot.at <= range[1]);
    const shapes = shown.map((spot) => ({ type: "line", xref: "x", yref: "paper", x0: spot.at, x1: spot.at, y0: 0, y1: 1,
      line: { color: "#4a5460", width: 1, dash: "dash" } }));
    const annotations = shown.map((spot) => ({ text: spot.name, x: spot.at, xref: "x", y: 0, yref: "paper",
      xanchor: "left", yanchor: "bottom", showarrow: false, font: { size: 10 } }));
    return { shapes: shapes, annotations: annotations };
  }

  window.dash_clientside.cursors = {
    drawing: drawing,
    show: function (mode, base, spacing, count, snap, lines) {
      const sent = window.dash_clientside.callback_context.triggered.map((item) => item.prop_id.split(".")[0]);
      state.mode = mode;
      state.count = Number(count) || 1;
      state.snap = snap;
      if (sent.includes(BASE) && base !== "" && rounded(state.base || 0) !== Number(base)) state.base = Number(base);
      if (sent.includes(SPACING) && spacing !== "" && rounded(state.spacing || 0) !== Number(spacing)) state.spacing = Number(spacing);
      // A tab that was opened anew has empty inputs.
      if (base === undefined || base === null) { state.base = null; state.spacing = null; factor = null; }
      follow(lines);
      const box = document.getElementById(SPACING);
      const field = box && box.closest(".mantine-NumberInput-root");
      if (field) field.hidden = mode !== "sideband";
      drawSoon(8);
      return window.dash_clientside.no_update;
    },
    /* The band of a clicked kurtogram cell; its row says how many bands its level has: "2.6 (6)". */
    band: function (clicked) {
      const sent = window.dash_clientside.callback_context.triggered.map((item) => item.prop_id);
      if (sent.some((id) => id.startsWith("signals-band-clear"))) return null;
      const graph = clicked && window.dash_clientside.chart.graphOf("signal_kurtogram");
      const bands = graph && /\((\d+)\)$/.exec(clicked.points[0].y);
      if (!bands) return window.dash_clientside.no_update;
      const { x } = graph.data[0];
      const width = (x[x.length - 1] + (x[1] - x[0]) / 2) / Number(bands[1]);
      const place = Math.floor(clicked.points[0].x / width);
      return [place * width, (place + 1) * width];
    },
    put: function (label, lines) {
      const none = [window.dash_clientside.no_update, null];
      const line = label && lines && lines.lines.find((each) => each.label === label);
      if (!line) return none;
      state.base = line.hz * lines.factor;
      drawAll();
      return [rounded(state.base), null];
    },
    offer: function (lines) {
      const names = [...new Set(((lines && lines.lines) || []).map((line) => line.label))];
      return names.map((name) => ({ value: name, label: name }));
    },
  };
})();
