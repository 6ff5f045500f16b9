// Reads the QR code in a picture, beside the page, which stays quick meanwhile: {data} is its text, or null.
import decodeQR from "../vendor/qr/decode.js";

addEventListener("message", ({ data: picture }) => {
  let text = null;
  try {
    text = decodeQR(picture);
  } catch {
    // There is none, or it cannot be read.
  }
  postMessage(text);
});
