// Calls of the public API: what every storefront has to get right about lost answers, retries and signing in.
import { learn } from "./clock.js";
import { get, keep, kept, set } from "./store.js";
import { endSignIn, freshToken, token } from "./tokens.js";

const TIMEOUT_MS = 15000;
const WAIT_MAX_MS = 10000;
const TRIES_WHEN_BUSY = 6;

// The service answered, and refused. `code` is stable; `details` belongs to it (docs/http-api.md, "Error codes").
export class Refusal extends Error {
  constructor(status, error, retryAfter) {
    super(error.code);
    Object.assign(this, { status, code: error.code, details: error.details ?? {}, retryAfter });
  }
}

// Letters and digits that nobody guesses; crypto.randomUUID is missing on pages without TLS.
export function random() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

// One key for one thing the buyer wants: the same when it is tried again, also after a reload.
function keyFor(intent, text) {
  const intents = kept("tab", "intents", {});
  if (intents[intent]?.text !== text) {
    intents[intent] = { key: random(), text };
    keep("tab", "intents", intents);
  }
  return intents[intent].key;
}

function settle(intent) {
  const { [intent]: _, ...others } = kept("tab", "intents", {});
  keep("tab", "intents", others);
}

// After a growing, random pause, or at once when the network is back.
function pause(attempt, signal) {
  const ms = Math.min(WAIT_MAX_MS, 500 * 2 ** attempt) * (0.5 + Math.random() / 2);
  return new Promise((resolve, reject) => {
    const end = () => {
      clearTimeout(timer);
      removeEventListener("online", end);
      signal?.removeEventListener("abort", end);
      if (signal?.aborted) reject(signal.reason);
      else resolve();
    };
    const timer = setTimeout(end, ms);
    addEventListener("online", end);
    signal?.addEventListener("abort", end);
  });
}

async function once(method, path, text, key, given, patience) {
  const headers = {};
  if (text !== undefined) headers["Content-Type"] = "application/json";
  if (key !== undefined) headers["Idempotency-Key"] = key;
  const bearer = given ?? await token();
  if (bearer !== null) headers.Authorization = `Bearer ${bearer}`;
  const sent = Date.now();
  const answer = await fetch(path, { method, headers, body: text, signal: AbortSignal.timeout(patience) });
  const document = await answer.json();
  if (!answer.ok) throw new Refusal(answer.status, document.error, Number(answer.headers.get("Retry-After")) || 0);
  const serverTime = document.meta?.serverTime ?? document.data.serverTime;
  // An answer that is repeated for a key has the time of the first one.
  if (serverTime && method === "GET") learn(serverTime, sent, Date.now());
  return document;
}

// Call the service until it answers. A broken network is waited out for as long as `signal` lets it; a service that
// says it is busy is asked a few times. Throws Refusal, or the reason of `signal`.
//   intent: what the buyer wants, in a word or two; needed for everything but GET.
//   bearer: a token to try, instead of that of who is signed in.
//   patience: for how long to wait for one answer, in ms.
export async function call(method, path, { body, intent, signal, bearer, patience = TIMEOUT_MS } = {}) {
  const text = body === undefined ? undefined : JSON.stringify(body);
  const key = intent === undefined ? undefined : keyFor(intent, `${method} ${path} ${text}`);
  let renewed = false;
  for (let attempt = 0; ; attempt += 1) {
    signal?.throwIfAborted();
    try {
      const document = await once(method, path, text, key, bearer, patience);
      if (get().network !== "ok") set({ network: "ok" });
      if (intent !== undefined) settle(intent);
      return document;
    } catch (error) {
      if (error instanceof Refusal) {
        if (get().network !== "ok") set({ network: "ok" });
        if (error.status === 401 && get().user && !bearer && !renewed) {
          renewed = true;
          if (await freshToken()) continue;
          endSignIn();
          throw error;
        }
        const soon = error.status === 503 || error.status === 408 || (error.status === 429 && error.retryAfter <= 10);
        if (!soon || attempt + 1 >= TRIES_WHEN_BUSY) {
          if (intent !== undefined && error.status < 500) settle(intent);
          throw error;
        }
        if (error.status === 429) await new Promise((resolve) => setTimeout(resolve, error.retryAfter * 1000));
      } else if (get().network === "ok") {
        set({ network: "retrying" });
      }
    }
    await pause(attempt, signal);
  }
}
