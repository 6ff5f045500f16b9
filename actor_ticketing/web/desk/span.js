// Stretches of time in points of equal length.
import { now } from "../clock.js";

// In seconds: an hour, six, a day, a week, 30 days, 90 days; and a minute, five, fifteen, an hour, six, a day.
export const RANGES = [3600, 21600, 86400, 604800, 2592000, 7776000];
export const BUCKETS = [60, 300, 900, 3600, 21600, 86400];
const POINTS_MIN = 6;
const POINTS_MAX = 400;
const POINTS_USUAL = 48;

// The points that a stretch can be looked at in: neither too few to see anything, nor too many.
export const bucketsFor = (range) =>
  BUCKETS.filter((bucket) => range / bucket >= POINTS_MIN && range / bucket <= POINTS_MAX);

// A choice with points that fit its range.
export function fitting(choice) {
  const fit = bucketsFor(choice.range);
  if (fit.includes(choice.bucket)) return choice;
  const off = (bucket) => Math.abs(Math.log(choice.range / bucket / POINTS_USUAL));
  return { ...choice, bucket: fit.reduce((best, each) => (off(each) < off(best) ? each : best)) };
}

// {from, to}: the latest stretch, up to the end of the point that is now. Points begin at full hours or days of here.
export function spanOf(range, bucket) {
  const zone = new Date(now()).getTimezoneOffset() * 60000;
  const ms = bucket * 1000;
  const end = (Math.floor((now() - zone) / ms) + 1) * ms + zone;
  return { from: new Date(end - range * 1000).toISOString(), to: new Date(end).toISOString() };
}
