export interface StatePort {
  get(input: { readonly scope: string; readonly key: string }): Promise<string | null>;
  set(input: { readonly scope: string; readonly key: string; readonly value: string | null }): Promise<void>;
  /** All of them in one commit; null deletes. */
  setAll(input: {
    readonly scope: string;
    readonly entries: Readonly<Record<string, string | null>>;
  }): Promise<void>;
  /** Every key that begins so, with its value, in the order of the keys. */
  list(input: { readonly scope: string; readonly prefix: string }): Promise<Readonly<Record<string, string>>>;
}
