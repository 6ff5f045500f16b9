// The countdown of a hold: what is left by the server's clock, a warning in the last minute, and more time.
import { useCountdown } from "../clock.js";
import { endOf, extend, extensionOf, loadExtensions } from "../holds.js";
import { html, useEffect, useState } from "../html.js";
import { countdown, known, spoken, t, time } from "../i18n.js";
import { announce, get, useStore } from "../store.js";
import { wordsFor } from "./loading.js";

const WARN_SECONDS = 60;

export function HoldClock({ holds }) {
  const end = endOf(holds);
  const left = useCountdown(end);
  const extensions = useStore((state) => state.extensions);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState("");
  const ids = holds.map((hold) => hold.id).join();
  const urgent = left <= WARN_SECONDS;
  // How far it goes may hang on what is left and who waits, so it is asked again when it begins to matter.
  useEffect(() => {
    for (const id of ids.split(",")) loadExtensions(id).catch(() => {});
  }, [ids, urgent]);

  // It is the first one to end that matters, and how far that one goes.
  const first = holds.find((hold) => hold.expiresAt === end);
  const minutes = extensionOf(first, extensions);
  const room = extensions[first.id];
  const more = async () => {
    setBusy(true);
    setProblem("");
    try {
      await extend();
      announce(t("hold.extended", { time: time(endOf(get().holds)) }));
    } catch (error) {
      setProblem(wordsFor(error));
      loadExtensions(first.id).catch(() => {});
    }
    setBusy(false);
  };
  return html`
    <div class="clock ${urgent ? "urgent" : ""}">
      <div class="clock-face">
        <span id="clock-label">${t(urgent ? "hold.soonOver" : "hold.heldFor")}</span>
        <b role="timer" aria-labelledby="clock-label" aria-live="off">
          <span aria-hidden="true">${countdown(left)}</span><span class="unseen">${spoken(left)}</span>
        </b>
      </div>
      <div class="clock-more">
        ${minutes > 0 && html`
          <button type="button" disabled=${busy} onClick=${more}>
            ${minutes >= 1 ? t("hold.more", { count: Math.floor(minutes) }) : t("hold.littleMore")}
          </button>
        `}
        ${room && html`<small>${minutes > 0 ? t("hold.times", { count: room.extensionsLeft }) : whyNot(room)}</small>`}
      </div>
      ${problem && html`<p class="problem" role="alert">${problem}</p>`}
    </div>
  `;
}

function whyNot({ extensionLimit }) {
  const key = `hold.limit_${extensionLimit}`;
  return known(key) ? t(key) : t("hold.times", { count: 0 });
}
