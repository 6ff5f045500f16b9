// A picture for an event that has none: a pattern that is always the same for the same event.
import { html } from "../html.js";

const HUES = 6;

function hash(text) {
  let value = 2166136261;
  for (const char of text) value = Math.imul(value ^ char.codePointAt(0), 16777619);
  return value >>> 0;
}

// Numbers from 0 to `below`, always the same for the same seed (xorshift).
function dice(seed) {
  let state = seed || 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

export const hueOf = (id) => `hue-${(hash(id) >>> 14) % HUES}`;

// Each fills a tile of 10 by 10; turned, they make arcs, waves and circles with their neighbours.
const SHAPES = [
  "M0 0h10a10 10 0 0 1-10 10z",
  "M0 0h10v10a10 10 0 0 1-10-10z",
  "M0 0a5 5 0 0 0 10 0zM0 10a5 5 0 0 1 10 0z",
  "M5 1a4 4 0 1 0 .01 0z",
  "M0 0h10L0 10z",
  "M0 0h10a10 10 0 0 1-10 10v-3.400a6.600 6.600 0 0 0 6.600-6.600H0z",
  "M0 0h2.500v10H0zM5 0h2.500v10H5z",
];

export function Poster({ id, columns = 6, rows = 4 }) {
  const roll = dice(hash(id));
  const tiles = [];
  for (let y = 0; y < rows; y += 1) {
    for (let x = 0; x < columns; x += 1) {
      const ground = roll(3);
      const figure = (ground + 1 + roll(3)) % 4;
      const turn = roll(4) * 90;
      tiles.push(html`
        <g transform="translate(${x * 10} ${y * 10}) rotate(${turn} 5 5)">
          <path class="p${ground}" d="M-.15-.15h10.300v10.300h-10.300z" /><path class="p${figure}" d=${SHAPES[roll(SHAPES.length)]} />
        </g>
      `);
    }
  }
  return html`
    <svg class="poster" viewBox="0 0 ${columns * 10} ${rows * 10}" preserveAspectRatio="xMidYMid slice" aria-hidden="true">
      ${tiles}
    </svg>
  `;
}
