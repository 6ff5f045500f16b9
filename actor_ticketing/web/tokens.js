// Who is signed in. Tokens are kept in sessionStorage: they outlive a reload and end with the tab. localStorage would
// hand a script that got in by mistake a refresh token for a month, and so would it the next person at this computer.
import { now } from "./clock.js";
import { keep, kept, set } from "./store.js";

let pair = kept("tab", "tokens");
let renewal = null;
set({ user: pair?.user ?? null });

export function startSignIn({ token: access, expiresAt, refreshToken, user }) {
  pair = { access, expiresAt, refreshToken, user };
  keep("tab", "tokens", pair);
  set({ user });
}

export function endSignIn() {
  pair = null;
  keep("tab", "tokens", null);
  set({ user: null });
}

export const refreshToken = () => pair?.refreshToken ?? null;

// The access token, renewed when it is about to end; null when nobody is signed in. One without an end, which nothing
// renews, is an operator's.
export async function token() {
  if (pair === null) return null;
  if (pair.expiresAt !== null && Date.parse(pair.expiresAt) - now() < 20000 && !(await freshToken())) endSignIn();
  return pair?.access ?? null;
}

// Renew both tokens; whether it worked. A refresh token serves once, so all who want it wait for one request, and a
// lost answer is the end of it: then the buyer signs in again.
export function freshToken() {
  renewal ??= renew().finally(() => { renewal = null; });
  return renewal;
}

async function renew() {
  if (pair === null || pair.refreshToken === null) return false;
  const answer = await fetch("/api/public/auth/refresh", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ refreshToken: pair.refreshToken }),
  });
  if (!answer.ok && answer.status !== 401 && answer.status !== 404) throw new Error("refresh failed");
  if (!answer.ok) return false;
  startSignIn((await answer.json()).data);
  return true;
}
