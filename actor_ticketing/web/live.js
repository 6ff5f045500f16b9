// The WebSocket: what becomes of our reservations and of the stock, as it happens (docs/http-api.md, "WebSocket").
import { get, keep, kept, set } from "./store.js";

const PING_MS = 25000;
const SILENCE_MS = 40000;

let socket = null;
let wanted = { sessionId: null, onMessage: () => {} };
let wait = 500;
let retry, pings, heardAt;
let watched = new Set();

// Open it for a session, and open it again whenever it breaks.
export function listen(sessionId, onMessage) {
  wanted = { sessionId, onMessage };
  if (socket !== null) socket.close();
  connect();
}

// Follow the availability of these ticket types; the last caller's wish counts.
export function watch(ticketTypeIds) {
  const next = new Set(ticketTypeIds);
  send("subscribe", [...next].filter((id) => !watched.has(id)));
  send("unsubscribe", [...watched].filter((id) => !next.has(id)));
  watched = next;
}

function send(action, ticketTypeIds) {
  if (socket?.readyState !== WebSocket.OPEN || ticketTypeIds?.length === 0) return;
  socket.send(JSON.stringify(ticketTypeIds ? { action, ticketTypeIds } : { action }));
}

function connect() {
  clearTimeout(retry);
  const { sessionId } = wanted;
  if (sessionId === null) return;
  // A seq of another session would be one of things that were never told to this one.
  const last = kept("tab", "seq");
  const after = last?.sessionId === sessionId ? `&after=${last.seq}` : "";
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  const opened = new WebSocket(`${scheme}://${location.host}/api/public/ws?sessionId=${sessionId}${after}`);
  socket = opened;
  opened.onopen = () => {
    wait = 500;
    heardAt = Date.now();
    send("subscribe", [...watched]);
    clearInterval(pings);
    pings = setInterval(beat, PING_MS);
    set({ live: true });
  };
  opened.onmessage = ({ data }) => {
    if (socket !== opened) return;
    heardAt = Date.now();
    const message = JSON.parse(data);
    wanted.onMessage(message);
    keep("tab", "seq", { sessionId, seq: message.seq });
  };
  opened.onclose = () => {
    if (socket === opened) lose();
  };
}

function lose() {
  const gone = socket;
  socket = null;
  gone?.close();
  clearInterval(pings);
  clearTimeout(retry);
  if (get().live) set({ live: false });
  wait = Math.min(wait * 2, 30000);
  retry = setTimeout(connect, wait * (0.5 + Math.random() / 2));
}

// A network that vanished says nothing, so silence after a ping is a break too.
function beat() {
  if (Date.now() - heardAt > SILENCE_MS) lose();
  else send("ping");
}

// What the browser thinks of the network is a hint and no more: beside the service there may be one without a way out.
addEventListener("offline", lose);
addEventListener("online", () => { if (!get().live) listen(wanted.sessionId, wanted.onMessage); });
