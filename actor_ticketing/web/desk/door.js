// The door: which event it is for, and then one guest after another.
import { html, useEffect, useState } from "../html.js";
import { t } from "../i18n.js";
import { Failed, Loading, useLoad, useTitle } from "../parts/loading.js";
import { keep, kept } from "../store.js";
import { adminApi } from "./access.js";
import { DoorScan } from "./door-scan.js";
import { DoorSetup } from "./door-setup.js";

export function Door() {
  // What the door is for, and how many were let in here; it outlives a reload.
  //   {eventId, typeIds (null: everything), sound, wait, admitted}
  const [door, setDoor] = useState(kept("tab", "door"));
  const [open, setOpen] = useState(door !== null);
  const { data: events, error, again } = useLoad(allEvents, []);
  useTitle(t("door.title"), t("desk.name"));
  useEffect(() => keep("tab", "door", door), [door]);
  // Who has set up the door goes on without the list: it only names the events of others' tickets.
  if (open) {
    return html`<${DoorScan} door=${door} events=${events ?? []} change=${() => setOpen(false)}
      admit=${() => setDoor((now) => ({ ...now, admitted: now.admitted + 1 }))} />`;
  }
  if (error) return html`<${Failed} error=${error} again=${again} />`;
  if (!events) return html`<${Loading} />`;
  const start = (chosen) => {
    setDoor({ ...chosen, admitted: door?.eventId === chosen.eventId ? door.admitted : 0 });
    setOpen(true);
  };
  return html`<${DoorSetup} door=${door} events=${events} start=${start} />`;
}

async function allEvents(signal) {
  const events = [];
  for (let page = 1, pages = 1; page <= pages; page += 1) {
    const { data, meta } = await adminApi("GET", `/api/admin/events?limit=100&page=${page}`, { signal });
    events.push(...data);
    pages = meta.totalPages;
  }
  return events;
}
