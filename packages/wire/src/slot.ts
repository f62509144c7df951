import { encodeUtf8 } from "./utf8.ts";

/** Hash slots of a Redis Cluster. */
const SLOTS = 16384;

const table = new Uint16Array(256);
for (let byte = 0; byte < 256; byte += 1) {
  let crc = byte << 8;
  for (let bit = 0; bit < 8; bit += 1) crc = crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1;
  table[byte] = crc;
}

/** CRC16 as Redis Cluster computes it (XMODEM: polynomial 1021, start 0) over the text's UTF-8. */
export function crc16(text: string): number {
  let crc = 0;
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    // Keys of this wire are ASCII, whose units are its bytes; other keys of a Redis may not be.
    if (unit > 0x7f) return crcOfBytes(encodeUtf8(text));
    crc = ((crc << 8) & 0xffff) ^ (table[((crc >> 8) ^ unit) & 0xff] as number);
  }
  return crc;
}

function crcOfBytes(bytes: Uint8Array): number {
  let crc = 0;
  for (const byte of bytes) crc = ((crc << 8) & 0xffff) ^ (table[((crc >> 8) ^ byte) & 0xff] as number);
  return crc;
}

/** The Cluster slot of a key, 0 to 16383: that of its first `{…}` when this holds something, else of the whole key. */
export function slot(key: string): number {
  const open = key.indexOf("{");
  const close = open === -1 ? -1 : key.indexOf("}", open + 1);
  return crc16(close > open + 1 ? key.slice(open + 1, close) : key) % SLOTS;
}
