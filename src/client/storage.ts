/**
 * Where a client keeps its tokens. Every script on the page can read `localStorage`, so do not load scripts you do not
 * trust.
 */
export type TokenStorage = {
  read(name: string): string | null
  /** Must have stored the value when it returns: a lost refresh token cannot be recovered. `null` deletes the value. */
  write(name: string, value: string | null): void
  /** Calls `listener` when someone else, such as another tab, writes. Returns a function that unsubscribes. */
  subscribe?(listener: () => void): () => void
  /** Runs one `work` at a time among all clients that share this storage. */
  exclusively?<T>(name: string, work: () => Promise<T>): Promise<T>
}

/** For one client in one process. The tokens are lost when the process ends. */
export function memoryStorage(): TokenStorage {
  const values = new Map<string, string>()
  return {
    read: (name) => values.get(name) ?? null,
    write: (name, value) => void (value === null ? values.delete(name) : values.set(name, value)),
  }
}

/** The browser APIs that this file uses. */
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

/**
 * Shared by all tabs of an origin. Without Web Locks, the service's grace period makes two simultaneous refreshes safe.
 */
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

/** `browserStorage` where the page has access to it, otherwise `memoryStorage`. */
export function defaultStorage(): TokenStorage {
  try {
    // Node also has a `localStorage`, but the whole process shares it. Only in a page does it belong to one person.
    return 'document' in globalThis ? browserStorage() : memoryStorage()
  } catch {
    return memoryStorage()
  }
}
