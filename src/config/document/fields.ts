import { z } from 'zod';
import { isHttpUrl, numberFromText } from './values.ts';

/** Kinds of values that several sections of config.yaml have. */

export const amount = z.preprocess(numberFromText, z.number().nonnegative());
export const count = z.preprocess(numberFromText, z.int().positive());
export const text = z.string().trim().min(1);
export const secretMark = { secret: true } as const;
/** Its key must be called so that show.ts knows it for one. */
export const secret = z
  .string()
  .min(1)
  .refine((value) => !/\s/.test(value), 'must not contain spaces or line breaks')
  .meta(secretMark);
export const httpUrl = z.string().refine(isHttpUrl, 'must be a URL that begins with http:// or https://');

/** A section whose lines are all commented out reads as null: the same as an empty one. */
export const section = <S extends z.ZodType>(schema: S): z.ZodPreprocess<S> =>
  z.preprocess((value) => (value === null ? {} : value), schema);
