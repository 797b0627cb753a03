/* Cells of AG Grid tables. Everything typed by people is a React text child, never markup. */
window.dashAgGridComponentFunctions = window.dashAgGridComponentFunctions || {};

(function () {
  const cells = window.dashAgGridComponentFunctions;
  const draw = (...parts) => window.React.createElement(...parts);
  const icon = (name) => draw("i", { className: "bi bi-" + name, "aria-hidden": "true" });

  const DOING = { pause: "pausing …", stop: "stopping …", cancel: "cancelling …", resume: "resuming …", retry: "retrying …" };

  const LEAKY = "Leaky split: pieces of one recording were learnt from and tested on. Too good to be believed.";

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

  /* A row that stands for several runs: folds and unfolds, says how many they are. */
  function groupName(row) {
    const words = (row.open ? "Fold " : "Unfold ") + row.name;
    const toggle = (event) => {
      event.stopPropagation();
      window.dash_clientside.history.toggle(row.group);
    };
    return draw("span", { className: "cell-group" }, [
      draw("button", { key: "toggle", className: "cell-toggle", "aria-expanded": row.open, "aria-label": words, tabIndex: -1, onClick: toggle }, icon(row.open ? "chevron-down" : "chevron-right")),
      draw("span", { key: "name", className: "cell-group-name", title: row.name }, row.name),
      draw("span", { key: "count", className: "cell-count", title: row.n + (row.n === 1 ? " run" : " runs") }, row.n),
    ]);
  }

  function mark(key, name, words) {
    return draw("i", { key: key, className: "bi bi-" + name, title: words, role: "img", "aria-label": words });
  }

  function nameParts(row) {
    return [
      row.status === "running" ? draw("span", { key: "live", className: "cell-live", title: "Running", role: "img", "aria-label": "Running" }) : null,
      draw(
        "a",
        { key: "name", href: row.href, title: row.name, tabIndex: -1, onClick: (event) => follow(event, row.href) },
        row.name,
      ),
      row.repeats ? draw("span", { key: "repeats", className: "cell-count", title: row.repeats + " runs that differ only in their seed" }, "× " + row.repeats) : null,
      row.kept ? mark("kept", "bookmark-check", "Its files are kept") : null,
      row.note ? draw("i", { key: "note", className: "bi bi-sticky", title: row.note, role: "img", "aria-label": "Has a note" }) : null,
    ];
  }

  cells.HistoryName = loaded((row) =>
    row.kind === "group"
      ? groupName(row)
      : draw("span", { className: "cell-name" + (row.inside ? " is-inside" : "") }, nameParts(row)),
  );

  function statusChip(row) {
    return draw(
      "span",
      { key: "status", className: "chip chip-" + row.status, title: row.error || undefined },
      icon(row.icon),
      DOING[row.control] || (row.status === "running" ? "running " + Math.round(row.progress * 100) + " %" : row.status),
    );
  }

  cells.HistoryStatus = loaded((row) => {
    if (!row.best) return row.status ? statusChip(row) : null;
    return draw("span", { className: "cell-best", title: row.range }, row.best);
  });

  /* All of a run on two lines, for the narrow screen of a phone. */
  cells.HistoryCard = loaded((row) => {
    if (row.kind === "group") {
      const figures = [row.accuracy, row.best].filter((words) => words && words !== "–").join(", ");
      return draw("div", { className: "history-card" }, [groupName(row), draw("div", { key: "figures", className: "muted small" }, figures)]);
    }
    const below = [row.family, row.dataset_name, row.created_at].filter(Boolean).join(" · ");
    return draw("div", { className: "history-card" }, [
      draw("div", { key: "name", className: "cell-name" }, nameParts(row)),
      draw("div", { key: "line", className: "history-card-line" }, [
        row.best ? draw("span", { key: "best", className: "cell-best" }, row.best) : statusChip(row),
        row.accuracy === "–" ? null : draw("span", { key: "score", className: "history-card-score" }, row.leaky ? mark("leaky", "exclamation-triangle leak-mark", LEAKY) : null, " ", row.accuracy),
      ]),
      draw("div", { key: "below", className: "history-card-below muted small", title: below }, below),
    ]);
  });

  cells.HistoryText = loaded((row, props) => {
    if (row.kind === "group") return draw("span", null, props.value || "");
    return draw("span", { title: props.value || undefined }, props.value || "–");
  });

  cells.HistoryTime = loaded((row, props) => draw("span", { title: row.created_exact }, props.value));

  cells.HistoryScore = loaded((row, props) => {
    if (row.range) return draw("span", { title: row.range }, props.value);
    if (!row.leaky || props.value === "–" || props.colDef.colId !== "accuracy") return draw("span", null, props.value);
    return draw("span", { title: LEAKY }, draw("span", { className: "leak-mark", role: "img", "aria-label": LEAKY }, icon("exclamation-triangle")), " ", props.value);
  });

  cells.HistorySplit = loaded((row) => {
    if (row.kind === "group") return null;
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
    if (values.length < 2) return row.kind === "group" ? null : draw("span", { className: "muted" }, "–");
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
    !row.can || !row.can.length ? null : draw(
      "button",
      {
        className: "cell-menu",
        "aria-label": "Actions of " + row.name,
        "aria-haspopup": "menu",
        onClick: (event) => window.dash_clientside.historyMenu.open(event.currentTarget, row),
      },
      icon("three-dots"),
    ),
  );
})();
