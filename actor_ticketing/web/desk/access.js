// Who works at the desk. A page asks with `adminApi`; when the service no longer takes the sign-in, the gate comes back.
import { call, Refusal } from "../api.js";
import { set } from "../store.js";
import { endSignIn, refreshToken, startSignIn, token } from "../tokens.js";

// Call the service as who is signed in: what `call` in api.js does, and says, with the operator's bearer token.
export const adminApi = (method, path, options) => minded(call(method, path, options));

// What is counted beside a sale may take long while that needs the processor. A proxy waits for 75 s.
const COUNTING_MS = 70000;

export const analytics = async (query, signal) =>
  (await adminApi("GET", `/api/admin/analytics?${query}`, { signal, patience: COUNTING_MS })).data;

// A file that only operators get, as a Blob. It is asked for once: who wants it is there to ask again.
export const adminFile = (path) => minded(fetchFile(path));

async function fetchFile(path) {
  const answer = await fetch(path, { headers: { Authorization: `Bearer ${await token()}` } });
  if (!answer.ok) throw new Refusal(answer.status, (await answer.json()).error, 0);
  return answer.blob();
}

async function minded(asked) {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof Refusal && (error.status === 401 || error.code === "forbidden")) {
      endSignIn();
      set({ gate: error.code === "forbidden" ? "gate.forbidden" : "gate.ended" });
    }
    throw error;
  }
}

// With an admin token, or any bearer token that makes an admin. Throws Refusal when the service does not take it.
export async function signInByToken(secret) {
  await prove(secret);
  startSignIn({ token: secret, expiresAt: null, refreshToken: null, user: { email: null } });
  set({ gate: null });
}

// With an account of the service. Throws Refusal: also of an account that is no admin's, which stays signed out.
export async function signInByAccount(email, password) {
  const { data } = await call("POST", "/api/public/auth/login", { body: { email, password } });
  try {
    await prove(data.token);
  } catch (error) {
    end(data.refreshToken);
    throw error;
  }
  startSignIn(data);
  set({ gate: null });
}

export function signOut() {
  const refresh = refreshToken();
  endSignIn();
  set({ gate: null });
  if (refresh !== null) end(refresh);
}

// Best effort: what is not ended here ends by itself.
const end = (refresh) =>
  call("POST", "/api/public/auth/logout", { body: { refreshToken: refresh } }).catch(() => {});

const prove = (secret) => call("GET", "/api/admin/events?limit=1", { bearer: secret });
