export function memoryStorage() {
    const values = new Map();
    return {
        read: (name) => values.get(name) ?? null,
        write: (name, value) => void (value === null ? values.delete(name) : values.set(name, value)),
    };
}
export function browserStorage() {
    const browser = globalThis;
    const { localStorage, navigator } = browser;
    if (!localStorage)
        throw new Error('There is no localStorage here.');
    const locks = navigator?.locks;
    return {
        read: (name) => localStorage.getItem(name),
        write: (name, value) => (value === null ? localStorage.removeItem(name) : localStorage.setItem(name, value)),
        subscribe(listener) {
            browser.addEventListener?.('storage', listener);
            return () => browser.removeEventListener?.('storage', listener);
        },
        ...(locks && { exclusively: (name, work) => locks.request(name, work) }),
    };
}
export function defaultStorage() {
    try {
        return 'document' in globalThis ? browserStorage() : memoryStorage();
    }
    catch {
        return memoryStorage();
    }
}
