import type { JSX as Hono } from 'hono/jsx'
import { escapeToBuffer } from 'hono/utils/html'

/** Finished markup. Everything else is text and gets escaped. */
export class Html {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
  toString(): string {
    return this.text
  }
}

export type Child = Html | string | number | boolean | null | undefined | Child[]

type Props = Record<string, unknown> & { children?: Child }
type Component = (props: Props) => Child

/** Void elements, as far as the pages use them. */
const VOID = new Set(['br', 'img', 'input', 'link', 'meta', 'rect'])

/**
 * The functions that JSX compiles to. They return text directly, because pages are rendered in one pass. `hono/jsx`
 * would do this too, with contexts, promises and its own document, for 4 kB more in the bundle. Its types and its
 * escaping are used.
 */
export function jsx(tag: string | Component, props: Props): Html {
  if (typeof tag === 'function') return new Html(textOf(tag(props)))
  const { children, ...attributes } = props
  const start = `<${tag}${Object.entries(attributes).map(attribute).join('')}`
  return new Html(VOID.has(tag) ? `${start}/>` : `${start}>${textOf(children)}</${tag}>`)
}

export { jsx as jsxs, jsx as jsxDEV }

export const Fragment: Component = ({ children }) => children

function textOf(child: Child): string {
  if (child === null || child === undefined || typeof child === 'boolean') return ''
  if (child instanceof Html) return child.text
  return Array.isArray(child) ? child.map(textOf).join('') : escaped(String(child))
}

function attribute([name, value]: [string, unknown]): string {
  if (value === undefined || value === null || value === false) return ''
  return ` ${name}="${value === true ? '' : escaped(String(value as string | number))}"`
}

function escaped(text: string): string {
  const buffer: [string] = ['']
  escapeToBuffer(text, buffer)
  return buffer[0]
}

export declare namespace JSX {
  type Element = Html
  interface IntrinsicElements extends Hono.IntrinsicElements, Record<'svg' | 'g' | 'rect', Props> {}
  interface ElementChildrenAttribute {
    children: Child
  }
}
