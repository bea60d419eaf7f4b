// JSON in which each thing is said once: by itself `JSON.parse` takes the last of two equal keys.

const TOKENS = /"(?:[^"\\]|\\.)*"(\s*:)?|-?[0-9][0-9.eE+-]*/g; // texts, of which a colon makes keys, and numbers

/**
 * The value of a text. `token` is called with each text and number in it that is no key, as it is written, and with the
 * key before it. An Error says what is wrong.
 */
export function parseOnce(text, token = () => {}) {
  let kept = 0;
  const value = JSON.parse(text, (_, one) => {
    if (one !== null && typeof one === 'object' && !Array.isArray(one)) kept += Object.keys(one).length;
    return one;
  });
  let written = 0;
  let key = null;
  for (const [found, colon] of text.matchAll(TOKENS)) {
    if (colon) {
      written += 1;
      key = JSON.parse(found.slice(0, -colon.length));
    } else token(found, key);
  }
  if (written !== kept) throw new Error('a key occurs twice');
  return value;
}
