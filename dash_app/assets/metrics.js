/* The Metrics tab: bars of how sure the model was of a class, and the threshold explorer. */
window.dash_clientside = window.dash_clientside || {};
window.dashAgGridComponentFunctions = window.dashAgGridComponentFunctions || {};

(function () {
  "use strict";

  const PER = 1000;
  const Z95 = 1.96;
  const draw = (...parts) => window.React.createElement(...parts);

  window.dashAgGridComponentFunctions.ClassSureness = function (props) {
    const counts = (props.data && props.data.histogram) || [];
    const most = Math.max(0, ...counts);
    if (!most) return draw("span", { className: "muted" }, "–");
    const total = counts.reduce((sum, count) => sum + count, 0);
    const high = counts.slice(counts.length / 2).reduce((sum, count) => sum + count, 0);
    const words = Math.round((100 * high) / total) + " % of its windows got a probability of 50 % or more";
    const bars = counts.map((count, i) =>
      draw("rect", { key: i, x: i * 9, width: 8, y: 22 - (count ? Math.max(1, (20 * count) / most) : 0), height: count ? Math.max(1, (20 * count) / most) : 0 }),
    );
    return draw("svg", { className: "cell-sureness", width: 90, height: 24, role: "img", "aria-label": words }, draw("title", null, words), bars, draw("line", { x1: 0, x2: 90, y1: 22.5, y2: 22.5 }));
  };

  const percent = (value) => (100 * value).toFixed(1) + " %";
  const range = (value, low, high) => percent(value) + " (" + (100 * low).toFixed(1) + "–" + (100 * high).toFixed(1) + ")";

  function number(value) {
    if (value < 0.005) return "0";
    const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
    return value.toFixed(digits).replace(/\B(?=(\d{3})+$)/g, "\u202f");
  }

  function nearest(values, wanted) {
    let best = 0;
    values.forEach((value, i) => {
      if (Math.abs(value - wanted) < Math.abs(values[best] - wanted)) best = i;
    });
    return best;
  }

  /* Expected cost per thousand windows at each threshold, and its standard error on the test part. */
  function costs(points, weights) {
    const cost = (rates) => points.thresholds.map((_, i) => PER * (weights.miss * (1 - rates.caught[i]) + weights.alarm * rates.false[i]));
    const doubt = points.doubt;
    const error = points.thresholds.map((_, i) => {
      const variance =
        (weights.miss * doubt.caught_error[i]) ** 2 +
        (weights.alarm * doubt.false_error[i]) ** 2 -
        2 * weights.miss * weights.alarm * doubt.together[i];
      return PER * Math.sqrt(Math.max(0, variance));
    });
    return { validation: cost(points.validation), test: cost(points.test), error: error };
  }

  function cheapest(values) {
    let best = 0;
    values.forEach((value, i) => {
      if (value < values[best] - 1e-12) best = i;
    });
    return best;
  }

  function trace(figure, name) {
    return figure.data.find((one) => one.name === name && one.meta !== "band");
  }

  function drawn(figure, points, found, chosen) {
    const next = { ...figure, data: figure.data.map((one) => ({ ...one })), layout: { ...figure.layout } };
    const low = found.test.map((value, i) => Math.max(0, value - Z95 * found.error[i]));
    const high = found.test.map((value, i) => value + Z95 * found.error[i]);
    const band = next.data.find((one) => one.meta === "band");
    const x = points.thresholds.map((value) => Math.min(1, value));
    if (band) Object.assign(band, { x: x.concat(x.slice().reverse()), y: high.concat(low.slice().reverse()) });
    Object.assign(trace(next, "Test"), { x: x, y: found.test, customdata: low.map((value, i) => [value, high[i]]) });
    Object.assign(trace(next, "Validation"), { x: x, y: found.validation });
    const at = x[chosen];
    next.layout.shapes = [{ type: "line", x0: at, x1: at, y0: 0, y1: 1, xref: "x", yref: "paper", line: { color: "#8a939d", width: 1.5, dash: "dot" } }];
    next.layout.annotations = [{ x: at, y: 1, xref: "x", yref: "paper", text: "threshold " + at.toFixed(3), showarrow: false, xanchor: at > 0.6 ? "right" : "left", yanchor: "top" }];
    next.layout.yaxis = { ...next.layout.yaxis, rangemode: "tozero" };
    return next;
  }

  const element = (type, children, extra) => ({ type: type, namespace: "dash_html_components", props: { children: children, ...(extra || {}) } });

  function row(name, cells) {
    return element("Tr", [element("Th", name, { scope: "row" }), ...cells.map((cell) => element("Td", cell, { className: "number" }))]);
  }

  /* The test confusion at the threshold: shares with intervals, and windows of the test part. */
  function table(points, i) {
    const test = points.test;
    const doubt = points.doubt;
    const caught = Math.round(test.caught[i] * test.windows_of_class);
    const raised = Math.round(test.false[i] * test.other_windows);
    const head = element("Tr", [element("Th", "Test windows"), element("Th", "Alarm", { className: "number" }), element("Th", "No alarm", { className: "number" }), element("Th", "Share alarmed", { className: "number" })]);
    const rows = [
      row("“" + points.class_name + "”", [caught + " caught", test.windows_of_class - caught + " missed", range(test.caught[i], doubt.caught_low[i], doubt.caught_high[i])]),
      row("All others", [raised + " false", test.other_windows - raised + " quiet", range(test.false[i], doubt.false_low[i], doubt.false_high[i])]),
    ];
    return element("Div", element("Table", [element("Thead", head), element("Tbody", rows)], { className: "plain" }), { className: "scroll-x", tabIndex: 0, role: "region", "aria-label": "Test windows at the threshold" });
  }

  function words(points, found, weights, chosen, byHand) {
    const cost = found.test[chosen];
    const margin = Z95 * found.error[chosen];
    const never = PER * weights.miss;
    const always = PER * weights.alarm;
    const start = byHand ? "Alarm from " : "Cheapest on validation: alarm from ";
    const worth = "On the test part it costs " + number(cost) + " (" + number(Math.max(0, cost - margin)) + "–" + number(cost + margin) + ") per 1\u202f000 windows";
    const rivals = "; never raising it costs " + number(never) + ", always " + number(always) + ".";
    const extremes = [never, always].some((other) => other <= cost) ? " Not looking at the model at all would be no dearer here." : "";
    const caution = points.unit_name === "windows" ? " Intervals resample windows and are too narrow." : " Intervals resample " + points.n_units + " test " + points.unit_name + ".";
    return start + Math.min(1, points.thresholds[chosen]).toFixed(3) + " on. " + worth + rivals + extremes + caution;
  }

  window.dash_clientside.metrics = {
    explore: function (points, miss, alarm, share, slider, _clicks, figure) {
      const same = window.dash_clientside.no_update;
      if (!points) return [same, same, same, same];
      if (points.trouble) return [same, points.trouble, "", same];
      const asked = (window.dash_clientside.callback_context.triggered || []).map((one) => one.prop_id);
      const byHand = asked.length === 1 && asked[0] === "metrics-threshold.value";
      const common = Math.min(100, Math.max(0, Number(share) || 0)) / 100;
      const weights = { miss: Math.max(0, Number(miss) || 0) * common, alarm: Math.max(0, Number(alarm) || 0) * (1 - common) };
      const found = costs(points, weights);
      const best = cheapest(found.validation);
      const chosen = byHand ? nearest(points.thresholds, slider) : best;
      const at = Math.round(1000 * Math.min(1, points.thresholds[chosen])) / 1000;
      const moved = byHand && chosen !== best;
      return [drawn(figure, points, found, chosen), words(points, found, weights, chosen, moved), table(points, chosen), byHand ? same : at];
    },
  };
})();
