import type { Config } from '../config.ts'
import { textOn } from '../lib/color.ts'

/** The operator's color, which overrides `public/style.css`. */
export const brandStyle = ({ APP_COLOR: color }: Config): string =>
  color === undefined ? '' : `:root { --accent: ${color}; --on-accent: ${textOn(color)}; }\n`
