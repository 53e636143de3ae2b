// The one call of pngjs that roadbed makes; the package brings no types. Must not: describe more than is used.

declare module 'pngjs' {
  export const PNG: {
    readonly sync: {
      /** 8 bits a channel, RGBA; `color` is false for greyscale files. Throws Error at a damaged file. */
      read(bytes: Buffer): {
        readonly width: number;
        readonly height: number;
        readonly data: Uint8Array;
        readonly color: boolean;
      };
    };
  };
}
