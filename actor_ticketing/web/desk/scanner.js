// The camera of this device, and the QR codes it sees. Its pictures go no further than into the decoder.
import { useEffect, useRef, useState } from "../html.js";

const SIDE_MAX = 720; // px of the square that is read: a ticket's code needs about two for each of its modules
const PAUSE_MS = 80; // between two pictures
const TURN = Math.PI / 6; // of every second picture: the decoder overlooks codes that stand at 45 degrees
const WANTED = { video: { facingMode: "environment", width: { ideal: 1280 }, height: { ideal: 720 } }, audio: false };
const PROBLEMS = { NotAllowedError: "refused", SecurityError: "refused", NotFoundError: "none", NotReadableError: "busy" };

// Let a component look through the camera: {video, state, light, setLight, again}.
//   onRead: called with each code that is seen, many times a second while it is.
//   state: "starting", "on", or why there is no picture: "insecure", "refused", "none", "busy", "ended", "unable".
//   light: whether the torch is on; null where there is none.
export function useScanner(onRead) {
  const video = useRef(null);
  const reader = useRef(null);
  const [state, setState] = useState("starting");
  const [light, setLight] = useState(null);
  const [turn, setTurn] = useState(0);
  const track = useRef(null);
  reader.current = onRead;
  useEffect(() => {
    let leave = () => {};
    let left = false;
    const start = async () => {
      // Browsers hide cameras from pages that anybody on the way could have changed.
      if (!navigator.mediaDevices) { setState("insecure"); return; }
      try {
        const stream = await navigator.mediaDevices.getUserMedia(WANTED);
        if (left) { stop(stream); return; }
        leave = () => stop(stream);
        [track.current] = stream.getVideoTracks();
        track.current.addEventListener("ended", () => setState("ended"));
        video.current.srcObject = stream;
        const close = readFrames(video.current, (text) => reader.current(text), () => setState("unable"));
        leave = () => { close(); stop(stream); };
        setLight(track.current.getCapabilities?.().torch ? false : null);
        setState("on");
      } catch (error) {
        if (!left) setState(PROBLEMS[error.name] ?? "busy");
      }
    };
    setState("starting");
    start();
    return () => { left = true; leave(); };
  }, [turn]);
  useEffect(stayAwake, []);
  const turnLight = async (on) => {
    await track.current.applyConstraints({ advanced: [{ torch: on }] });
    setLight(on);
  };
  return { video, state, light, setLight: turnLight, again: () => setTurn(turn + 1) };
}

const stop = (stream) => stream.getTracks().forEach((track) => track.stop());

// Read the square in the middle of the picture, again and again, until the function returned is called.
//   onUnable: called when this browser cannot run the decoder.
function readFrames(video, onRead, onUnable) {
  const decoder = new Worker(new URL("./decoder.js", import.meta.url), { type: "module" });
  const canvas = document.createElement("canvas");
  const context = canvas.getContext("2d", { willReadFrequently: true });
  let timer;
  let turn = 0;
  const look = () => {
    const { videoWidth: width, videoHeight: height } = video;
    const side = Math.min(width, height);
    if (side === 0 || document.hidden) { timer = setTimeout(look, PAUSE_MS); return; }
    const size = Math.min(side, SIDE_MAX);
    // This also wipes it, and turns it back.
    canvas.width = canvas.height = size;
    context.translate(size / 2, size / 2);
    context.rotate(turn);
    turn = TURN - turn;
    context.drawImage(video, (width - side) / 2, (height - side) / 2, side, side, -size / 2, -size / 2, size, size);
    const picture = context.getImageData(0, 0, size, size);
    decoder.postMessage(picture, [picture.data.buffer]);
  };
  decoder.addEventListener("message", ({ data: text }) => {
    timer = setTimeout(look, PAUSE_MS);
    if (text !== null) onRead(text);
  });
  decoder.addEventListener("error", onUnable);
  look();
  return () => { clearTimeout(timer); decoder.terminate(); };
}

// A phone at the door does not go to sleep, where the browser lets us say so.
function stayAwake() {
  let lock = null;
  let left = false;
  const ask = async () => {
    if (document.hidden) return;
    lock = await navigator.wakeLock?.request("screen").catch(() => null);
    if (left) lock?.release();
  };
  ask();
  document.addEventListener("visibilitychange", ask);
  return () => { left = true; document.removeEventListener("visibilitychange", ask); lock?.release(); };
}
