// Text in a statement: printable, in normal form C, without spaces around it (FORMAT.md section 7).

// Printable is what is not of the categories Other and Separator, the space apart.
const INVISIBLE = /\p{C}|(?! )\p{Z}/u;

export function isPlainText(value, maxBytes) {
  return value !== '' && isPlainOrEmpty(value, maxBytes);
}

export function isPlainOrEmpty(value, maxBytes) {
  return Buffer.byteLength(value, 'utf8') <= maxBytes && !INVISIBLE.test(value) && value.normalize('NFC') === value
    && !value.startsWith(' ') && !value.endsWith(' ');
}
