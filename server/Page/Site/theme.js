// Runs before the first paint, so that a chosen theme does not flash. Without a choice the system's applies, by CSS alone.
"use strict";
try {
  const chosen = localStorage.getItem("hunyuan.theme");
  if (chosen === "light" || chosen === "dark") {
    document.documentElement.dataset.theme = chosen;
  }
} catch {
  // No storage here; the system's theme it is.
}
