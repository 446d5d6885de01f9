// The named characters of HTML that people use in text, numbered ones, and backslash escapes.

const runs = [
  [160, "nbsp iexcl cent pound curren yen brvbar sect uml copy ordf laquo not shy reg macr deg plusmn sup2 sup3 acute micro para middot cedil sup1 ordm raquo frac14 frac12 frac34 iquest Agrave Aacute Acirc Atilde Auml Aring AElig Ccedil Egrave Eacute Ecirc Euml Igrave Iacute Icirc Iuml ETH Ntilde Ograve Oacute Ocirc Otilde Ouml times Oslash Ugrave Uacute Ucirc Uuml Yacute THORN szlig agrave aacute acirc atilde auml aring aelig ccedil egrave eacute ecirc euml igrave iacute icirc iuml eth ntilde ograve oacute ocirc otilde ouml divide oslash ugrave uacute ucirc uuml yacute thorn yuml"],
  [913, "Alpha Beta Gamma Delta Epsilon Zeta Eta Theta Iota Kappa Lambda Mu Nu Xi Omicron Pi Rho - Sigma Tau Upsilon Phi Chi Psi Omega"],
  [945, "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho sigmaf sigma tau upsilon phi chi psi omega"],
];
const singles = "quot\" amp& apos' lt< gt> num# ast* lowbar_ grave` vert| bsol\\ sol/ dollar$ percnt% commat@ lbrack[ rbrack] lbrace{ rbrace} lpar( rpar) OEligŒ oeligœ Scaron\u0160 scaron\u0161 fnofƒ circˆ tilde˜ ensp\u2002 emsp\u2003 thinsp\u2009 ndash– mdash— lsquo‘ rsquo’ sbquo‚ ldquo“ rdquo” bdquo„ dagger† Dagger‡ bull• hellip… permil‰ prime′ Prime″ lsaquo‹ rsaquo› frasl⁄ euro€ trade™ larr← uarr↑ rarr→ darr↓ harr↔ crarr↵ lArr⇐ uArr⇑ rArr⇒ dArr⇓ hArr⇔ forall∀ part∂ exist∃ empty∅ nabla∇ isin∈ notin∉ ni∋ prod∏ sum∑ minus− lowast∗ radic√ prop∝ infin∞ ang∠ and∧ or∨ cap∩ cup∪ int∫ there4∴ sim∼ cong≅ asymp≈ ne≠ equiv≡ le≤ ge≥ sub⊂ sup⊃ nsub⊄ sube⊆ supe⊇ oplus⊕ otimes⊗ perp⊥ sdot⋅ lceil⌈ rceil⌉ lfloor⌊ rfloor⌋ lang⟨ rang⟩ loz◊ spades♠ clubs♣ hearts♥ diams♦ check✓ cross✗ star☆ starf★";

const named = new Map(runs.flatMap(([first, names]) => names.split(" ").map((name, i) => [name, String.fromCodePoint(first + i)])));
for (const single of singles.split(/ (?=\w)/)) {
  const character = single.at(-1);
  named.set(single.slice(0, -1), character);
}

const entity = /&(?:#(\d{1,7})|#[xX]([0-9a-fA-F]{1,6})|([A-Za-z][A-Za-z0-9]{1,9}));/y;

/** Returns the text and the length of the entity at an index, or null. */
export function entityAt(text, at) {
  entity.lastIndex = at;
  const found = entity.exec(text);
  if (!found) {
    return null;
  }
  const code = found[3] ? 0 : found[1] ? Number(found[1]) : parseInt(found[2], 16);
  const valid = code > 0 && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff);
  const value = found[3] ? named.get(found[3]) : valid ? String.fromCodePoint(code) : "\ufffd";
  return value === undefined ? null : { text: value, length: found[0].length };
}

/** Replaces entities and backslash escapes, as in addresses. */
export const decode = text => text.replace(/\\([!-/:-@[-`{-~])|&#?\w{1,9};/g, (all, escaped) => escaped ?? entityAt(all, 0)?.text ?? all);
