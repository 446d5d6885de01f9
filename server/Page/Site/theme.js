// Runs before the first paint, so that the page does not flash in another theme. Without a chosen theme, CSS applies the system's.
"use strict";
try {
  const chosen = localStorage.getItem("hunyuan.theme");
  if (chosen === "light" || chosen === "dark") {
    document.documentElement.dataset.theme = chosen;
  }
} catch {
  // Without storage the system's theme applies.
}
