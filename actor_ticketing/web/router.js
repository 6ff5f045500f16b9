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

// ours: the addresses that this document shows; a link to anywhere else leaves it.
export function start(ours) {
  set({ path: location.pathname });
  addEventListener("popstate", () => set({ path: location.pathname }));
  document.addEventListener("click", (event) => {
    if (event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey) return;
    const link = event.target.closest?.("a[href^='/']");
    if (!link || link.target || link.hasAttribute("download") || !ours.test(link.pathname)) return;
    event.preventDefault();
    go(link.pathname);
  });
}
