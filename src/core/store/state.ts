export interface StatePort {
  get(input: { readonly scope: string; readonly key: string }): Promise<string | null>;
  set(input: { readonly scope: string; readonly key: string; readonly value: string | null }): Promise<void>;
}
