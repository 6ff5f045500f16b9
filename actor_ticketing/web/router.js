// Addresses without reloading: links stay links, and the Back button does what it says.
import { set } from "./store.js";

export function go(path) {
  history.pushState(null, "", path);
  show();
}

export function show() {
  set({ path: location.pathname });
  scrollTo(0, 0);
}

export function start() {
  set({ path: location.pathname });
  addEventListener("popstate", () => set({ path: location.pathname }));
  document.addEventListener("click", (event) => {
    if (event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey) return;
    const link = event.target.closest?.("a[href^='/']");
    if (!link || link.target || link.hasAttribute("download") || /^\/(api|static)\//.test(link.pathname)) return;
    event.preventDefault();
    go(link.pathname);
  });
}
