// Which addresses may become links.

export const maxAddress = 2048;

/** Returns the URL of a link, or null if it is not allowed: only complete http and https addresses are. */
export function safeAddress(address) {
  const url = address.length <= maxAddress && URL.canParse(address) ? new URL(address) : null;
  return url && (url.protocol === "http:" || url.protocol === "https:") ? url.href : null;
}
