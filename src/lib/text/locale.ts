/** A name of the IANA time zone database that this machine knows. */
export function isTimezone(text: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: text }).format(0) !== '';
  } catch {
    return false; // RangeError: no such zone
  }
}

/** A BCP 47 tag such as `it` or `pt-BR`. */
export function isLanguage(text: string): boolean {
  try {
    return Intl.getCanonicalLocales(text).length === 1;
  } catch {
    return false; // RangeError: no such tag
  }
}
