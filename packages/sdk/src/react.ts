// Components for React 18 and later: an image of the service, and a code that is drawn in the page itself.
import { makeSymbol } from "@qrfactory/drawing/symbol/symbol";
import {
  createElement,
  type ImgHTMLAttributes,
  type ReactElement,
  type SVGAttributes,
  useEffect,
  useState,
} from "react";
import type { QRFactory } from "./client.js";
import type { Design } from "./types.js";

export type QrImageProps = Omit<ImgHTMLAttributes<HTMLImageElement>, "src"> & { alt: string } & (
    | {
        /** An address that your server has signed (`signedImageUrl`). */
        src: string;
      }
    | {
        /** A client with the access token of who looks at the page. */
        client: QRFactory;
        shortId: string;
        design?: Design;
        /** Told why there is no image. */
        onFailure?: (error: unknown) => void;
      }
  );

/** An image of the service: at a signed address, or of a dynamic code, which costs a credit unless it is cached. */
export function QrImage(props: QrImageProps): ReactElement {
  if ("src" in props) return createElement("img", props);
  return createElement(CodeImage, props);
}

function CodeImage({ client, shortId, design, onFailure, ...rest }: Exclude<QrImageProps, { src: string }>) {
  const [src, setSrc] = useState<string>();
  // Designs are written anew at each rendering; what they say decides.
  const wanted = JSON.stringify(design ?? {});
  // biome-ignore lint/correctness/useExhaustiveDependencies: another function to tell is no reason to ask again
  useEffect(() => {
    const leaving = new AbortController();
    let url: string | undefined;
    client.codes.image(shortId, JSON.parse(wanted), { signal: leaving.signal }).then(
      (image) => {
        if (leaving.signal.aborted) return;
        url = URL.createObjectURL(image.blob());
        setSrc(url);
      },
      (error: unknown) => void (!leaving.signal.aborted && onFailure?.(error)),
    );
    return () => {
      leaving.abort();
      if (url !== undefined) URL.revokeObjectURL(url);
      setSrc(undefined);
    };
  }, [client, shortId, wanted]);
  return createElement("img", { ...rest, src });
}

export type QrCodeProps = Omit<SVGAttributes<SVGSVGElement>, "children"> & {
  /** What the code holds. */
  text: string;
  /** Said to who cannot see it; the text unless told. */
  label?: string;
  /** The least level; M unless told. */
  errorCorrection?: "L" | "M" | "Q" | "H";
  /** Modules around it; 4 unless told. */
  quietZone?: number;
  color?: string;
  background?: string;
};

/** A plain code, drawn here without a call, on servers, too. Throws a RangeError for a text that does not fit. */
export function QrCode(props: QrCodeProps): ReactElement {
  const { text, label, errorCorrection = "M", quietZone = 4, color = "black", background = "white", ...rest } = props;
  const { side, cells } = makeSymbol(text, errorCorrection).modules;
  const whole = side + 2 * quietZone;
  let path = "";
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      if (cells[y * side + x] === 0) continue;
      const start = x;
      while (x < side && cells[y * side + x] === 1) x++;
      path += `M${start + quietZone} ${y + quietZone}h${x - start}v1h-${x - start}z`;
    }
  }
  const looks = {
    viewBox: `0 0 ${whole} ${whole}`,
    role: "img",
    "aria-label": label ?? text,
    shapeRendering: "crispEdges",
  };
  const ground = createElement("path", { fill: background, d: `M0 0h${whole}v${whole}h-${whole}z` });
  return createElement("svg", { ...looks, ...rest }, ground, createElement("path", { fill: color, d: path }));
}
