// Starts the portal. A file of its own because the content security policy forbids inline scripts.
import init from "@JS@";

try {
  const theme = localStorage.getItem("theme");
  if (theme === "light" || theme === "dark") {
    document.documentElement.dataset.theme = theme;
  }
} catch {
  // A browser that keeps nothing shows the system's theme.
}

init({ module_or_path: "@WASM@" }).catch((error) => {
  console.error(error);
  const words = document.getElementById("loading");
  if (words) {
    words.textContent = "The portal did not start: this browser is too old, or the page was cut off. Reload to try again.";
  }
});
