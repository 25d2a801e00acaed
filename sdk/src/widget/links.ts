import { parseUrl } from "../address.js";

/** A piece of a text: a web address has an `href`. */
export interface Piece {
  readonly text: string;
  readonly href?: string;
}

const ADDRESS = /https?:\/\/[^\s<>"]+/g;
// What ends a sentence, or closes a bracket around the address, is not part of it.
const TRAILING = /[.,;:!?)\]}'’”»。،؟]+$/;

/** Cuts a text at its web addresses, so that they can be made links. Only http and https count. */
export function pieces(text: string): Piece[] {
  const found: Piece[] = [];
  let at = 0;
  for (const match of text.matchAll(ADDRESS)) {
    const href = match[0].replace(TRAILING, "");
    if (!parseUrl(href)) {
      continue;
    }
    if (match.index > at) {
      found.push({ text: text.slice(at, match.index) });
    }
    found.push({ text: href, href });
    at = match.index + href.length;
  }
  if (at < text.length) {
    found.push({ text: text.slice(at) });
  }
  return found;
}
