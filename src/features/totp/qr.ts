/** Modules. A reader needs a margin of four (ISO/IEC 18004 section 9.1), also on a dark page. */
const QUIET_ZONE = 4

/** A text as a QR code: an SVG image, black on white. */
export async function qrCode(text: string): Promise<string> {
  const { renderSVG } = await import('uqr') // loaded on demand: it is shown once for each app
  return renderSVG(text, { ecc: 'M', border: QUIET_ZONE, pixelSize: 1 })
}
