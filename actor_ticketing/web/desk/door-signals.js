// A sound and a shake for each verdict, for staff who look at the guest and not at the screen.
const TONES = { // [Hz, seconds] one after another
  yes: [[880, 0.09], [1320, 0.16]],
  no: [[220, 0.22], [0, 0.06], [180, 0.4]],
  trouble: [[440, 0.12], [0, 0.08], [440, 0.12]],
};
const SHAKES = { yes: [90], no: [220, 90, 220], trouble: [90, 90, 90] };

let audio = null;

export function signal(kind) {
  // Browsers allow neither before somebody has touched the page.
  if (!navigator.userActivation?.hasBeenActive) return;
  navigator.vibrate?.(SHAKES[kind]);
  audio ??= new AudioContext();
  audio.resume();
  let at = audio.currentTime;
  for (const [frequency, seconds] of TONES[kind]) {
    if (frequency) tone(frequency, at, at + seconds);
    at += seconds;
  }
}

function tone(frequency, from, to) {
  const oscillator = audio.createOscillator();
  const volume = audio.createGain();
  oscillator.frequency.value = frequency;
  volume.gain.setValueAtTime(0.4, from);
  // Cut off at once, it would click.
  volume.gain.setTargetAtTime(0, to - 0.03, 0.01);
  oscillator.connect(volume).connect(audio.destination);
  oscillator.start(from);
  oscillator.stop(to + 0.05);
}
