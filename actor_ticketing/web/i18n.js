// All that a person reads comes from messages/*.json; numbers, dates, money and plurals come from Intl.
import { keep, kept, set } from "./store.js";

export const LANGUAGES = { en: "English", id: "Bahasa Indonesia" };

let language = "en";
let locale = "en"; // with its region, if the browser names one: 7 January, or January 7
let messages = {};
const sources = ["/static/messages"];
let plurals = new Intl.PluralRules(language);

function chosen() {
  const wanted = [kept("device", "language"), ...navigator.languages].filter(Boolean);
  return wanted.map((each) => each.split("-")[0]).find((each) => each in LANGUAGES) ?? "en";
}

// A part of the site has a folder of its own for what only it says. To be called before `speak`.
export const wordsAlsoFrom = (folder) => sources.push(folder);

export async function speak(next = chosen()) {
  const answers = await Promise.all(sources.map((folder) => fetch(`${folder}/${next}.json`)));
  messages = Object.assign({}, ...await Promise.all(answers.map((answer) => answer.json())));
  language = next;
  locale = navigator.languages.find((each) => each.split("-")[0] === next) ?? next;
  plurals = new Intl.PluralRules(language);
  document.documentElement.lang = language;
  set({ language });
}

export async function choose(next) {
  await speak(next);
  keep("device", "language", next);
}

export const current = () => language;
export const known = (key) => key in messages;

// The message, with {names} filled in. One that counts is an object of plural forms, chosen by `count`.
export function t(key, values = {}) {
  const found = messages[key] ?? key;
  const form = values.count === 0 && found.zero ? "zero" : plurals.select(values.count ?? 0);
  const text = typeof found === "string" ? found : found[form] ?? found.other;
  return text.replace(/\{(\w+)\}/g, (_, name) => {
    const value = values[name];
    return typeof value === "number" ? number(value) : String(value ?? "");
  });
}

export const number = (value) => new Intl.NumberFormat(locale).format(value);

// How many digits the minor unit of a currency has, where it is not two (ISO 4217). Browsers do not know: they say how
// many are usually written, which is none for the rupiah, whose prices come in hundredths all the same.
const DIGITS = Object.fromEntries([
  ["BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF", 0],
  ["BHD IQD JOD KWD LYD OMR TND", 3],
  ["CLF UYW", 4],
].flatMap(([codes, digits]) => codes.split(" ").map((code) => [code, digits])));

export const digitsOf = (currency) => DIGITS[currency] ?? 2;

export function money(minor, currency) {
  if (minor === 0) return t("money.free");
  const digits = digitsOf(currency);
  const amount = minor / 10 ** digits;
  // Written as is usual; with the minor unit where it says something.
  const exact = Number.isInteger(amount) ? {} : { minimumFractionDigits: digits };
  return new Intl.NumberFormat(locale, { style: "currency", currency, ...exact }).format(amount);
}

// What several lines come to: [{price, quantity, currency}]. Currencies are not added to one another.
export function total(lines) {
  const sums = new Map();
  for (const { price, quantity, currency } of lines) sums.set(currency, (sums.get(currency) ?? 0) + price * quantity);
  return [...sums].map(([currency, minor]) => money(minor, currency)).join(" + ");
}

const date = (instant, options) => new Intl.DateTimeFormat(locale, options).format(new Date(instant));

export const day = (instant) => date(instant, { weekday: "long", day: "numeric", month: "long", year: "numeric" });
export const time = (instant) => date(instant, { hour: "numeric", minute: "2-digit", timeZoneName: "short" });
export const dayAndTime = (instant) => date(instant, { day: "numeric", month: "long", hour: "numeric", minute: "2-digit" });
export const dateAndTime = (instant) =>
  date(instant, { day: "numeric", month: "short", year: "numeric", hour: "numeric", minute: "2-digit" });
export const shortDay = (instant) => date(instant, { day: "numeric", month: "short" });
export const shortTime = (instant) => date(instant, { hour: "numeric", minute: "2-digit" });
export const calendarLeaf = (instant) => ({
  weekday: date(instant, { weekday: "short" }),
  day: date(instant, { day: "numeric" }),
  month: date(instant, { month: "short" }),
});

// 3:07, for the eye.
export function countdown(seconds) {
  const rest = String(seconds % 60).padStart(2, "0");
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}:${rest}`;
  return `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, "0")}:${rest}`;
}

// "3 minutes 7 seconds", for the ear.
export function spoken(seconds) {
  const parts = [];
  if (seconds >= 60) parts.push(t("time.minutes", { count: Math.floor(seconds / 60) }));
  if (seconds % 60 || !parts.length) parts.push(t("time.seconds", { count: seconds % 60 }));
  return parts.join(" ");
}
