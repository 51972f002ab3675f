// The only script. It keeps a page up to date with what the server renders, remembers the theme,
// and makes the slider of time travel follow the hand. Every page works without it.
"use strict";

const root = document.documentElement;
const THEMES = ["auto", "light", "dark"];
const REFRESH_MS_MIN = 1500;

function storedTheme() {
  try {
    const theme = localStorage.getItem("theme");
    return THEMES.includes(theme) ? theme : "auto";
  } catch {
    return "auto";
  }
}

function wear(theme) {
  if (theme === "auto") delete root.dataset.theme;
  else root.dataset.theme = theme;
}

// Before anything is painted, so that no page flashes in the wrong theme.
wear(storedTheme());

function offerThemes() {
  const button = document.getElementById("theme");
  let theme = storedTheme();
  const show = () => { button.textContent = `Theme: ${theme}`; };
  button.addEventListener("click", () => {
    theme = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length];
    try { localStorage.setItem("theme", theme); } catch { /* It is worn until the page is left. */ }
    wear(theme);
    show();
  });
  show();
  button.hidden = false;
}

function followSlider() {
  const slider = document.querySelector("input[data-travel]");
  if (!slider) return;
  const shown = document.getElementById("at-shown");
  slider.addEventListener("input", () => { shown.textContent = `${slider.value} of ${slider.max}`; });
  slider.addEventListener("change", () => slider.form.requestSubmit());
}

async function fragment(address) {
  const answer = await fetch(address, { headers: { accept: "text/html" } });
  if (!answer.ok) throw new Error(`${address}: ${answer.status}`);
  return answer.text();
}

// Replaces what an element holds, and keeps what the reader had opened and where the focus was.
function replace(element, html) {
  const opened = [...element.querySelectorAll("details[open][id]")].map((details) => details.id);
  const focused = element.contains(document.activeElement) ? document.activeElement : null;
  const focusables = () => [...element.querySelectorAll("a, summary, [tabindex]")];
  const place = focused ? focusables().indexOf(focused) : -1;
  element.innerHTML = html;
  for (const id of opened) document.getElementById(id)?.setAttribute("open", "");
  if (place >= 0) focusables()[place]?.focus({ preventScroll: true });
}

function live() {
  const state = document.getElementById("live");
  const health = document.getElementById("health");
  const figures = document.getElementById("figures");
  const changes = document.getElementById("changes");
  const pause = document.getElementById("pause");
  let paused = false;
  let stale = false;
  let timer = null;
  let refreshed = 0;

  const tell = (words) => {
    if (state.textContent !== words) state.textContent = words;
    state.hidden = false;
  };

  // At most one refresh at a time, and none of a page that nobody sees.
  const refresh = () => {
    if (!figures || timer !== null) return;
    if (document.hidden || paused) { stale = true; return; }
    stale = false;
    timer = setTimeout(async () => {
      try {
        replace(figures, await fragment(figures.dataset.source));
        refreshed = Date.now();
      } catch { stale = true; }
      timer = null;
    }, Math.max(0, refreshed + REFRESH_MS_MIN - Date.now()));
  };

  const reload = async () => {
    refresh();
    if (!changes || paused) return;
    try { changes.innerHTML = await fragment("/changes"); } catch { stale = true; }
  };

  const add = (row) => {
    if (!changes || paused) { stale = true; return; }
    changes.insertAdjacentHTML("afterbegin", row);
    changes.firstElementChild?.classList.add("new");
    while (changes.children.length > Number(changes.dataset.rows)) changes.lastElementChild.remove();
  };

  const events = new EventSource("/events?as=html");
  let wasLost = false;
  events.addEventListener("open", () => {
    tell(paused ? "Paused" : "Live");
    if (wasLost) reload();
    wasLost = false;
  });
  events.addEventListener("error", () => { wasLost = true; tell("Reconnecting"); });
  events.addEventListener("change", (event) => add(event.data));
  events.addEventListener("health", (event) => { if (event.data) health.innerHTML = event.data; });
  events.addEventListener("overview", refresh);
  events.addEventListener("reset", reload);
  document.addEventListener("visibilitychange", () => { if (!document.hidden && stale) refresh(); });

  if (pause) {
    pause.hidden = false;
    pause.addEventListener("click", () => {
      paused = !paused;
      pause.textContent = paused ? "Resume" : "Pause";
      pause.setAttribute("aria-pressed", String(paused));
      tell(paused ? "Paused" : "Live");
      if (!paused) reload();
    });
  }
}

document.addEventListener("DOMContentLoaded", () => {
  offerThemes();
  followSlider();
  live();
});
