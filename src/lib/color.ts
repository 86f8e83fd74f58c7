/** Relative luminance of `#rrggbb` (WCAG 2.2): 0 is black, 1 is white. */
export function luminance(color: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
    const channel = parseInt(color.slice(at, at + 2), 16) / 255
    return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * r + 0.7152 * g + 0.0722 * b
}

/** Black or white, whichever has more contrast with `#rrggbb`: at least 4.58 to 1 for any color. */
export const textOn = (color: string): '#000' | '#fff' => {
  const behind = luminance(color) + 0.05
  return behind / 0.05 > 1.05 / behind ? '#000' : '#fff'
}
