import type { Config } from '../config.ts'
import { textOn } from '../lib/color.ts'

/** What an operator's colour changes in `public/style.css`. */
export const brandStyle = ({ APP_COLOR: color }: Config): string =>
  color === undefined ? '' : `:root { --accent: ${color}; --on-accent: ${textOn(color)}; }\n`
