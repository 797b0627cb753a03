/* The Failures tab: bring the window that was just opened into view. */
window.dash_clientside = window.dash_clientside || {};
window.dash_clientside.failures = {
  reveal(clicks) {
    const place = document.querySelector(".failures-looked-at");
    if (place && clicks.some(Boolean) && window.dash_clientside.callback_context.triggered.some((t) => t.value)) {
      const calm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
      place.scrollIntoView({ behavior: calm ? "auto" : "smooth", block: "start" });
      place.focus({ preventScroll: true });
    }
    return window.dash_clientside.no_update;
  },
};
