/* The frame's own behaviour: current page in the rail, drawer, search by keyboard. */
window.dash_clientside = window.dash_clientside || {};

(function () {
  const NARROW = 60;
  const WIDE = 208;
  const SECTIONS = [
    ["/datasets", /^\/datasets(\/|$)/],
    ["/experiment/new", /^\/experiment\/(new|clone)(\/|$)/],
    ["/experiments", /^\/(experiments|experiment\/\d+|study\/\d+)(\/|$)/],
    ["/compare", /^\/compare(\/|$)/],
    ["/queue", /^\/queue(\/|$)/],
    ["/settings", /^\/settings(\/|$)/],
    ["/", /^\/$/],
  ];

  function section(path) {
    const found = SECTIONS.find(([, pattern]) => pattern.test(path));
    return found ? found[0] : "";
  }

  function setSearch(opened) {
    window.dash_clientside.set_props("shell-search-text", { value: "" });
    window.dash_clientside.set_props("shell-search", { opened: opened });
  }

  window.dash_clientside.shell = {
    /* Which link of the rail is the current page; tells screen readers too. */
    markCurrent: function (path, ...hrefs) {
      const current = section(path || "/");
      hrefs.forEach((href) => {
        const link = document.getElementById("rail" + href);
        if (!link) return;
        if (href === current) link.setAttribute("aria-current", "page");
        else link.removeAttribute("aria-current");
      });
      return hrefs.map((href) => href === current);
    },

    /* Leaving a page closes what lies over it. */
    closeOverlays: function () {
      return [false, false];
    },

    openSearch: function (clicks) {
      const no = window.dash_clientside.no_update;
      return clicks ? [true, ""] : [no, no];
    },

    foldRail: function (clicks, folded) {
      return clicks ? !folded : window.dash_clientside.no_update;
    },

    arrange: function (opened, folded) {
      document.body.classList.toggle("drawer-open", Boolean(opened));
      const phone = window.matchMedia("(max-width: 767px)").matches;
      document.body.classList.toggle("rail-narrow", Boolean(folded) && !phone);
      return {
        width: folded ? NARROW : WIDE,
        breakpoint: "sm",
        collapsed: { mobile: !opened, desktop: false },
      };
    },
  };

  function typing(target) {
    return target.closest("input, textarea, select, [contenteditable=true]") !== null;
  }

  /* Who types quickly presses Enter before the findings are there: they are awaited. */
  function openFirst(text, tries = 40) {
    const found = document.getElementById("shell-search-results");
    if (!found) return;
    const first = found.querySelector(".search-result");
    if (found.dataset.for === text && first) first.click();
    else if (found.dataset.for !== text && tries > 0) setTimeout(openFirst, 50, text, tries - 1);
  }

  function moveInResults(event) {
    const dialog = event.target.closest("[role=dialog]");
    const results = dialog ? [...dialog.querySelectorAll(".search-result")] : [];
    const at = results.indexOf(document.activeElement);
    if (event.key === "Enter" && at < 0) {
      event.preventDefault();
      openFirst(event.target.value);
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      const next = at + (event.key === "ArrowDown" ? 1 : -1);
      if (next < 0) document.getElementById("shell-search-text").focus();
      else if (results.length) results[Math.min(next, results.length - 1)].focus();
    }
  }

  document.addEventListener("keydown", function (event) {
    const slash = event.key === "/" && !typing(event.target) && !event.ctrlKey && !event.metaKey;
    const palette = event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey);
    if (slash || palette) {
      event.preventDefault();
      setSearch(true);
    } else if (event.key === "Escape" && document.body.classList.contains("drawer-open")) {
      window.dash_clientside.set_props("shell-burger", { opened: false });
      document.getElementById("shell-burger").focus();
    } else if (event.target.closest && event.target.closest("[role=dialog] .search-results, #shell-search-text")) {
      moveInResults(event);
    }
  });

  document.addEventListener("click", function (event) {
    const outside = !event.target.closest(".mantine-AppShell-navbar, #shell-burger");
    if (document.body.classList.contains("drawer-open") && outside) {
      window.dash_clientside.set_props("shell-burger", { opened: false });
    }
  });
})();
