// Preact and htm as the pages use them: one place that knows where they come from.
import { h } from "./vendor/preact.js";
import htm from "./vendor/htm.js";

export { render, Fragment } from "./vendor/preact.js";
export { useEffect, useId, useLayoutEffect, useRef, useState } from "./vendor/hooks.js";
export const html = htm.bind(h);
