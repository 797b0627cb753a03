/* The wizard in the browser: steps and address, quick checks of fields, marks of what changed. */
(function () {
  "use strict";
  const noUpdate = () => window.dash_clientside.no_update;
  const LAST = 3;

  const pathOf = (part) => part.id.path.replaceAll("/", ".");

  function number(raw) {
    if (typeof raw === "number") return raw;
    if (typeof raw !== "string") return NaN;
    let text = raw.trim().replace("\u2212", "-");
    if (text.split(",").length === 2 && !text.includes(".")) text = text.replace(",", ".");
    return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : NaN;
  }

  /* The same sentences as dash_app/forms/validation.py, which has the last word. */
  function complaint(spec, raw) {
    if (!["integer", "number", "scientific"].includes(spec.kind)) return null;
    if (raw === "" || raw === null || raw === undefined) return spec.optional ? null : "Enter a number.";
    const value = number(raw);
    if (!Number.isFinite(value)) {
      const example = spec.kind === "scientific" ? ", e.g. 1e-3" : "";
      return `“${raw}” is not a number. Enter one${example}.`;
    }
    if (spec.kind === "integer" && !Number.isInteger(value)) return "Enter a whole number.";
    if (spec.ge !== null && (value < spec.ge || (spec.above && value === spec.ge)))
      return `Must be ${spec.above ? "more than" : "at least"} ${spec.low}.`;
    if (spec.le !== null && (value > spec.le || (spec.below && value === spec.le)))
      return `Must be ${spec.below ? "less than" : "at most"} ${spec.high}.`;
    return null;
  }

  function same(a, b) {
    if (Array.isArray(a) || Array.isArray(b)) return JSON.stringify(a || []) === JSON.stringify(b || []);
    if (typeof a === "boolean" || typeof b === "boolean") return a === b;
    const x = number(a), y = number(b);
    if (Number.isFinite(x) && Number.isFinite(y)) return x === y;
    return (a ?? "") === (b ?? "");
  }

  function was(spec, value) {
    if (spec.original === null || spec.original === undefined || same(spec.original, value)) return "";
    const old = spec.original;
    if (typeof old === "boolean") return `was ${old ? "on" : "off"}`;
    if (Array.isArray(old)) return `was ${old.join(", ") || "none"}`;
    return `was ${spec.labels[old] || (old === "" ? "empty" : old)}`;
  }

  function keep(drafts, key, value) {
    const draft = drafts && drafts[0];
    if (!draft || draft[key] === value) return (drafts || []).map(noUpdate);
    return [Object.assign({}, draft, { [key]: value })];
  }

  /* What the last step asks beside the settings, as the draft keeps it. */
  function ordered(given) {
    return {
      priority: Number(given.priority ?? 5),
      time_limit: given.time_limit ?? "",
      repeats: Number(given.repeats) || 1,
      vary_split: Boolean(given.vary_split),
    };
  }

  function isShown(spec, values) {
    return Object.entries(spec.show_if).every(([path, allowed]) => allowed.includes(values[path]));
  }

  function stepInAddress() {
    return Number(new URLSearchParams(location.search).get("step")) || 0;
  }

  function remember(active) {
    if (!document.querySelector(".wizard") || active >= LAST || stepInAddress() === active + 1) return;
    const query = new URLSearchParams(location.search);
    const first = !stepInAddress();
    query.set("step", active + 1);
    const address = `${location.pathname}?${query}`;
    if (first && active === 0) return;
    history.pushState(history.state, "", address);
  }

  /* Back and forward of the browser: the address says the step. */
  window.addEventListener("popstate", () => {
    if (!document.querySelector(".wizard")) return;
    const fallback = location.pathname.startsWith("/experiment/clone/") ? 2 : 1;
    const active = Math.min(Math.max(stepInAddress() || fallback, 1), LAST) - 1;
    window.dash_clientside.set_props("wizard-steps", { active });
  });

  /* Enter goes on, except where Enter has a meaning of its own. */
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.defaultPrevented || event.isComposing) return;
    const at = event.target;
    if (!at.closest || !at.closest(".wizard-main")) return;
    const chosenRadio = at.getAttribute("role") === "radio" && at.getAttribute("aria-checked") === "true";
    const plainField = at.matches("input") && !at.getAttribute("aria-haspopup") && !at.closest("[class*=PillsInput]");
    if (!(chosenRadio || plainField || event.ctrlKey || event.metaKey)) return;
    const button = ["wizard-next", "wizard-start"].map((id) => document.getElementById(id))
      .find((item) => item && item.offsetParent !== null && !item.disabled);
    if (!button || (button.id === "wizard-start" && !(event.ctrlKey || event.metaKey))) return;
    event.preventDefault();
    at.blur();
    setTimeout(() => button.click(), 0);
  });

  /* Drawing a panel anew replaces its elements; the one that had the focus gets it back. */
  let focused = null;
  document.addEventListener("focusin", (event) => {
    const at = event.target;
    if (!at.closest(".wizard-main")) return;
    const label = at.getAttribute("role") === "radio" ? at.getAttribute("aria-label") : null;
    focused = { id: at.id, label };
  });

  function giveFocusBack() {
    if (!focused || document.activeElement !== document.body) return;
    const found = focused.label
      ? [...document.querySelectorAll(".wizard-main [role=radio]")].find((item) => item.getAttribute("aria-label") === focused.label)
      : focused.id && document.getElementById(focused.id);
    if (found && found.offsetParent !== null) found.focus({ preventScroll: true });
  }

  function focusFirstFault() {
    const fault = document.querySelector(".wizard-main [aria-invalid=true]") || document.getElementById("wizard-dataset");
    if (fault) fault.focus();
  }

  window.dash_clientside = Object.assign({}, window.dash_clientside, {
    wizard: {
      complaint,

      key(drafts, old) {
        const draft = drafts && drafts[0];
        if (!draft) return noUpdate();
        const key = [draft.dataset_id, draft.family, draft.preset, draft.revision].join("|");
        return key === old ? noUpdate() : key;
      },

      edit(_values, _checks, specs, drafts) {
        const context = window.dash_clientside.callback_context;
        const draft = drafts && drafts[0];
        const [fields, switches] = context.inputs_list;
        const [, errorsOut, wrapsOut, notesOut, slidersOut] = context.outputs_list;
        const none = (list) => (list || []).map(noUpdate);
        if (!draft || !specs || !specs.length)
          return [none(drafts), none(errorsOut), none(wrapsOut), none(notesOut), none(slidersOut)];
        const byPath = Object.fromEntries(specs.map((spec) => [spec.path, spec]));
        const values = Object.assign({}, draft.values);
        for (const item of [...fields, ...switches])
          if (pathOf(item) in byPath) values[pathOf(item)] = item.value ?? (["list", "experiments"].includes(byPath[pathOf(item)].kind) ? [] : "");
        const edited = Object.keys(values).filter((path) => !same(values[path], draft.values[path]));
        const errors = errorsOut.map((out) => {
          const spec = byPath[pathOf(out)];
          const found = spec && isShown(spec, values) ? complaint(spec, values[spec.path]) : null;
          /* What was just mended is believed at once; the server says so again, or otherwise. */
          return found || (edited.includes(pathOf(out)) ? null : noUpdate());
        });
        const hidden = wrapsOut.map((out) => byPath[pathOf(out)] ? !isShown(byPath[pathOf(out)], values) : noUpdate());
        const notes = notesOut.map((out) => byPath[pathOf(out)] ? was(byPath[pathOf(out)], values[pathOf(out)]) : noUpdate());
        const sliders = slidersOut.map((out) => {
          const value = number(values[pathOf(out)]);
          return Number.isFinite(value) ? value : noUpdate();
        });
        return [[edited.length ? Object.assign({}, draft, { values }) : noUpdate()], errors, hidden, notes, sliders];
      },

      /* Which experiments can be chosen changes with the split. */
      offer_runs(options) {
        return options || [];
      },

      drawn() {
        requestAnimationFrame(() => setTimeout(giveFocusBack, 0));
        return noUpdate();
      },

      offer_values(field, specs) {
        const spec = (specs || []).find((item) => item.path === "data.test_values");
        return (spec && spec.choices && spec.choices[field]) || [];
      },

      slide(_positions, _typed) {
        const context = window.dash_clientside.callback_context;
        const dragged = (context.triggered || []).map((item) => [item.prop_id.replace(/\.value$/, ""), item.value]);
        const byPath = Object.fromEntries(dragged.map(([id, value]) => [JSON.parse(id).path, value]));
        return context.outputs_list.map((out, at) => {
          const value = byPath[out.id.path];
          return value === undefined || same(context.states_list[0][at].value, value) ? noUpdate() : value;
        });
      },

      /* A name that is still the generated one follows the choices; it is not kept. */
      rename(name, generated, drafts) {
        return keep(drafts, "name", !name || name === generated ? "" : name);
      },

      /* Priority and time limit belong to the draft, so that a reload keeps them. */
      order(priority, limit, repeats, vary, drafts) {
        const draft = drafts && drafts[0];
        if (!draft) return (drafts || []).map(noUpdate);
        const wanted = ordered({ priority: priority, time_limit: limit, repeats: repeats, vary_split: vary });
        const kept = ordered(draft);
        if (Object.keys(wanted).every((name) => wanted[name] === kept[name])) return [noUpdate()];
        return [Object.assign({}, draft, wanted)];
      },

      show_order(drafts, priority, limit, repeats, vary) {
        const draft = drafts && drafts[0];
        if (!draft) return [noUpdate(), noUpdate(), noUpdate(), noUpdate()];
        const kept = ordered(draft);
        const shown = ordered({ priority: priority, time_limit: limit, repeats: repeats, vary_split: vary });
        const values = Object.assign({}, kept, { priority: String(kept.priority) });
        return Object.keys(kept).map((name) => (kept[name] === shown[name] ? noUpdate() : values[name]));
      },

      open_form(expert, drafts) {
        return [keep(drafts, "expert", Boolean(expert)), !expert];
      },

      go(_next, _back, _start, active, faults) {
        const trigger = window.dash_clientside.callback_context.triggered_id;
        if (trigger === "wizard-back") return Math.max(0, active - 1);
        if (trigger === "wizard-start") return LAST;
        if (faults && faults[active] > 0 && active < 2) {
          focusFirstFault();
          return noUpdate();
        }
        return Math.min(LAST - 1, active + 1);
      },

      show(active) {
        remember(active);
        window.scrollTo({ top: 0 });
        const panel = document.getElementById(`wizard-panel-${active}`);
        if (panel && window.wizardStep !== undefined && window.wizardStep !== active)
          setTimeout(() => panel.focus({ preventScroll: true }), 0);
        window.wizardStep = active;
        return [
          ...[0, 1, 2, 3].map((number) => number !== active),
          active === 0 ? { visibility: "hidden" } : {},
          active >= 2,
          active !== 2,
        ];
      },
    },
  });
})();
