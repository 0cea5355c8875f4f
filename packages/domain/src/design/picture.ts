// The pictures of a design: a logo in the middle and a picture behind everything. The pictures themselves travel beside
// the design; in it they are named by the SHA-256 of their bytes, so that equal pictures are equal designs.
import { z } from "zod";
import { numberFrom, wholeFrom } from "../http/validate.js";

/** The fields of the pictures themselves, in base64. */
export const pictureFileNames = ["logo", "background_image"] as const;
/** Field of a request that carries a picture. */
export type PictureFileName = (typeof pictureFileNames)[number];

/** The same and where pictures may be fetched from. */
export const pictureFieldNames = pictureFileNames.flatMap((name) => [name, `${name}_url` as const]);

/** The fields that say how pictures are used. The pictures' own fields are taken out of a request before. */
export const pictureFields = {
  /** Share of the symbol's width. */
  logo_size_ratio: numberFrom(0.05, 0.35).default(0.24),
  logo_clear_zone: z.boolean().default(true),
  logo_neon_alpha: wholeFrom(0, 255).default(0),
};

/** The logo of a design, in the middle of the symbol. */
export type LogoDesign = {
  /** SHA-256 of the file, 64 hex digits. */
  digest: string;
  /** Side of the box that the logo fits into, as a share of the symbol's width. */
  sizeRatio: number;
  /** Whether the modules under the logo and one module around it are left out. */
  clearZone: boolean;
  /** Logo pixels with less alpha than this become fully clear. */
  neonAlpha: number;
};

/** Pictures of a design in their normal form. */
export type PictureDesign = {
  logo: LogoDesign | null;
  /** SHA-256 of the file behind everything, or null. */
  backgroundImage: string | null;
};

/** SHA-256, in hex, of the pictures that came with a request. */
export type PictureDigests = { logo?: string; background?: string };

type PictureRequest = z.output<z.ZodObject<typeof pictureFields>>;

/** The normal form; how a logo would be used says nothing where there is none. */
export function normalizePictures(request: PictureRequest, digests: PictureDigests): PictureDesign {
  const { logo, background } = digests;
  return {
    logo:
      logo === undefined
        ? null
        : {
            digest: logo,
            sizeRatio: request.logo_size_ratio,
            clearZone: request.logo_clear_zone,
            neonAlpha: request.logo_neon_alpha,
          },
    backgroundImage: background ?? null,
  };
}
