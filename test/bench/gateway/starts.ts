import { type Place, startFloor, startProduct } from './programs.ts';

export interface Starts {
  /** The first start of each, with nothing compiled before. */
  readonly coldMs: { readonly floor: number; readonly product: number };
  readonly floorMs: readonly number[];
  readonly productMs: readonly number[];
}

/** Both are started and stopped by turns, first once without any compiled code. */
export async function measureStarts(
  place: Place,
  options: { readonly starts: number; readonly modelUrl: string },
): Promise<Starts> {
  const startOnce = {
    floor: async (): Promise<number> => {
      await using program = await startFloor(place, options.modelUrl);
      return program.readyMs;
    },
    product: async (): Promise<number> => {
      await using program = await startProduct(place, { home: 'home', modelUrl: options.modelUrl });
      return program.readyMs;
    },
  };
  const coldMs = { product: await startOnce.product(), floor: await startOnce.floor() };
  const [floorMs, productMs]: [number[], number[]] = [[], []];
  for (let n = 0; n < options.starts; n += 1) {
    floorMs.push(await startOnce.floor());
    productMs.push(await startOnce.product());
  }
  return { coldMs, floorMs, productMs };
}
