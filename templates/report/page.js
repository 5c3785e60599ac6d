// What every page does: the colours that its reader wants, printing, and links into folded parts.
"use strict";

const THEMES = ["auto", "light", "dark"];
const THEME_KEY = "mlbot-theme";

/** The colours that were chosen last; pages that may store nothing begin with those of the system. */
function recallTheme() {
  try {
    const theme = localStorage.getItem(THEME_KEY);
    return THEMES.includes(theme) ? theme : "auto";
  } catch {
    return "auto";
  }
}

function keepTheme(theme) {
  try {
    localStorage.setItem(THEME_KEY, theme);
  } catch {
    // A page in a sandbox has no storage: it forgets.
  }
}

/** Show the page in these colours; what draws by itself hears of it. */
function showTheme(theme) {
  if (theme === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  document.dispatchEvent(new Event("theme"));
}

function offerThemes(button) {
  let theme = recallTheme();
  const name = () => { button.textContent = `Colours: ${theme}`; };
  button.addEventListener("click", () => {
    theme = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length];
    keepTheme(theme);
    showTheme(theme);
    name();
  });
  name();
  button.hidden = false;
}

const closedParts = new Set();

/** Paper folds nothing, and has no dark side. */
function preparePrint() {
  for (const part of document.querySelectorAll("details.part:not([open])")) {
    closedParts.add(part);
    part.open = true;
  }
  showTheme("light");
}

function endPrint() {
  for (const part of closedParts) part.open = false;
  closedParts.clear();
  showTheme(recallTheme());
}

/** The name behind the # of the address; an address may be written by hand, and wrong. */
function nameTarget() {
  try {
    return decodeURIComponent(location.hash.slice(1));
  } catch {
    return "";
  }
}

/** Open the part that the address names. */
function openTarget() {
  const target = document.getElementById(nameTarget());
  const part = target?.closest("details");
  if (!part || part.open) return;
  part.open = true;
  target.scrollIntoView();
}

showTheme(recallTheme());
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => document.dispatchEvent(new Event("theme")));
addEventListener("beforeprint", preparePrint);
addEventListener("afterprint", endPrint);
addEventListener("hashchange", openTarget);
document.addEventListener("DOMContentLoaded", () => {
  document.querySelectorAll("button.theme").forEach(offerThemes);
  openTarget();
});
