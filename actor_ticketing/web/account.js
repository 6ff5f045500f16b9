// Signing in, registering, signing out. What the guest holds becomes the account's.
import { call } from "./api.js";
import { load, session } from "./holds.js";
import { forgetAll } from "./store.js";
import { endSignIn, refreshToken, startSignIn } from "./tokens.js";

// action: "login" or "register".
export async function signIn(action, email, password) {
  const { data } = await call("POST", `/api/public/auth/${action}`, { body: { email, password } });
  startSignIn(data);
  await call("POST", "/api/public/sessions/claim", { body: { sessionId: session() }, intent: "claim" });
  await load();
}

export async function signOut() {
  const token = refreshToken();
  endSignIn();
  await call("POST", "/api/public/auth/logout", { body: { refreshToken: token } });
}

// Leave nothing of the buyer on this device: not what is held, nor where the tickets are.
export async function forget() {
  if (refreshToken() !== null) await signOut();
  forgetAll();
  location.assign("/");
}
