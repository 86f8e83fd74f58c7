/** Where a client keeps its tokens. `localStorage` is read by every script of the page: keep strange ones out of it. */
export type TokenStorage = {
  read(name: string): string | null
  /** Must have been done when it returns: a refresh token that is lost cannot be had again. `null` forgets. */
  write(name: string, value: string | null): void
  /** Tells of what others wrote, like another tab. Returns how to stop that. */
  subscribe?(listener: () => void): () => void
  /** Runs one piece of work at a time among all who share this storage. */
  exclusively?<T>(name: string, work: () => Promise<T>): Promise<T>
}

/** For one client in one process; gone with it. */
export function memoryStorage(): TokenStorage {
  const values = new Map<string, string>()
  return {
    read: (name) => values.get(name) ?? null,
    write: (name, value) => void (value === null ? values.delete(name) : values.set(name, value)),
  }
}

/** The part of a browser that is used here. */
type Browser = {
  localStorage?: {
    getItem(name: string): string | null
    setItem(name: string, value: string): void
    removeItem(name: string): void
  }
  navigator?: { locks?: { request<T>(name: string, work: () => Promise<T>): Promise<T> } }
  addEventListener?(type: 'storage', listener: () => void): void
  removeEventListener?(type: 'storage', listener: () => void): void
}

/** Shared by all tabs of an origin. Where there are no Web Locks, the service's grace makes two refreshes at once safe. */
export function browserStorage(): TokenStorage {
  const browser = globalThis as unknown as Browser
  const { localStorage, navigator } = browser
  if (!localStorage) throw new Error('There is no localStorage here.')
  const locks = navigator?.locks
  return {
    read: (name) => localStorage.getItem(name),
    write: (name, value) => (value === null ? localStorage.removeItem(name) : localStorage.setItem(name, value)),
    subscribe(listener) {
      browser.addEventListener?.('storage', listener)
      return () => browser.removeEventListener?.('storage', listener)
    },
    ...(locks && { exclusively: (name, work) => locks.request(name, work) }),
  }
}

/** The browser's, where it lets the page have one; else memory. */
export function defaultStorage(): TokenStorage {
  try {
    // Node has one too, for all that run in the process: only a page keeps people apart.
    return 'document' in globalThis ? browserStorage() : memoryStorage()
  } catch {
    return memoryStorage()
  }
}
