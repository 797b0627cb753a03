/* Cells of AG Grid tables. Everything typed by people is a React text child, never markup. */
window.dashAgGridComponentFunctions = window.dashAgGridComponentFunctions || {};

(function () {
  const cells = window.dashAgGridComponentFunctions;
  const draw = (...parts) => window.React.createElement(...parts);
  const icon = (name) => draw("i", { className: "bi bi-" + name, "aria-hidden": "true" });

  const DOING = { pause: "pausing …", stop: "stopping …", cancel: "cancelling …", resume: "resuming …", retry: "retrying …" };

  /* A row that is not loaded yet has no data. */
  function waiting() {
    return draw("span", { className: "cell-waiting" });
  }

  function loaded(cell) {
    return (props) => (props.data ? cell(props.data, props) : waiting());
  }

  function follow(event, href) {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    window.dash_clientside.history.visit(href);
  }

  cells.HistoryName = loaded((row) =>
    draw("span", { className: "cell-name" }, [
      draw(
        "a",
        { key: "name", href: row.href, title: row.name, tabIndex: -1, onClick: (event) => follow(event, row.href) },
        row.name,
      ),
      row.kept ? draw("i", { key: "kept", className: "bi bi-bookmark-check", title: "Its files are kept", role: "img", "aria-label": "Its files are kept" }) : null,
      row.note ? draw("i", { key: "note", className: "bi bi-sticky", title: row.note, role: "img", "aria-label": "Has a note" }) : null,
    ]),
  );

  cells.HistoryStatus = loaded((row) =>
    draw(
      "span",
      { className: "chip chip-" + row.status, title: row.error || undefined },
      icon(row.icon),
      DOING[row.control] || (row.status === "running" ? "running " + Math.round(row.progress * 100) + " %" : row.status),
    ),
  );

  cells.HistoryText = loaded((row, props) =>
    draw("span", { title: props.value || undefined }, props.value || "–"),
  );

  cells.HistoryTime = loaded((row, props) => draw("span", { title: row.created_exact }, props.value));

  cells.HistoryScore = loaded((row, props) => {
    if (!row.leaky || props.value === "–") return draw("span", null, props.value);
    const why = "Leaky split: pieces of one recording were learnt from and tested on. Too good to be believed.";
    return draw("span", { title: why }, draw("span", { className: "leak-mark", role: "img", "aria-label": why }, icon("exclamation-triangle")), " ", props.value);
  });

  cells.HistorySplit = loaded((row) => {
    if (!row.leaky) return draw("span", { title: row.split }, row.split || "–");
    const why = row.split + ". Pieces of one recording were learnt from and tested on: too good to be believed.";
    return draw("span", { title: why }, draw("span", { className: "chip chip-warning" }, icon("exclamation-triangle"), "leaky split"), " ", row.split);
  });

  cells.HistoryTags = loaded((row) =>
    draw(
      "span",
      { className: "cell-tags", title: row.tags.join(", ") },
      row.tags.map((tag) => draw("span", { key: tag, className: "tag" }, tag)),
    ),
  );

  cells.HistoryCurve = loaded((row) => {
    const values = row.curve;
    if (values.length < 2) return draw("span", { className: "muted" }, "–");
    const low = Math.min(...values);
    const span = Math.max(...values) - low || 1;
    const points = values.map((value, index) => {
      const x = (index / (values.length - 1)) * 86 + 1;
      const y = 21 - ((value - low) / span) * 18;
      return x.toFixed(1) + "," + y.toFixed(1);
    });
    return draw(
      "svg",
      { className: "cell-curve", width: 88, height: 24, role: "img", "aria-label": "Validation curve, last value " + values[values.length - 1] },
      draw("polyline", { points: points.join(" ") }),
    );
  });

  cells.HistoryMenu = loaded((row) =>
    draw(
      "button",
      {
        className: "cell-menu",
        "aria-label": "Actions of " + row.name,
        "aria-haspopup": "menu",
        onClick: (event) => window.dash_clientside.history.openMenu(event.currentTarget, row),
      },
      icon("three-dots"),
    ),
  );
})();
