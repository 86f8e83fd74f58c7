export const seconds = () => Math.floor(Date.now() / 1000);
export class TokenStore {
    #storage;
    #names;
    #listeners = new Set();
    #last = Promise.resolve();
    #shown = { raw: null, session: null };
    constructor(storage, origin) {
        this.#storage = storage;
        const name = (what) => `latchkey ${what} ${origin}`;
        this.#names = { tokens: name('tokens'), device: name('device'), lock: name('lock') };
    }
    get tokens() {
        return JSON.parse(this.#storage.read(this.#names.tokens) ?? 'null');
    }
    get device() {
        return this.#storage.read(this.#names.device);
    }
    get session() {
        const raw = this.#storage.read(this.#names.tokens);
        if (raw !== this.#shown.raw)
            this.#shown = { raw, session: raw === null ? null : sessionIn(JSON.parse(raw)) };
        return this.#shown.session;
    }
    keep({ access_token, refresh_token, expires_in, device_token }) {
        const tokens = { access_token, refresh_token, expires_at: seconds() + expires_in };
        this.#storage.write(this.#names.tokens, JSON.stringify(tokens));
        if (device_token !== undefined)
            this.#storage.write(this.#names.device, device_token);
        this.#tell();
        return tokens;
    }
    forget() {
        this.#storage.write(this.#names.tokens, null);
        this.#tell();
    }
    subscribe(listener) {
        const stop = this.#storage.subscribe?.(listener);
        this.#listeners.add(listener);
        return () => {
            this.#listeners.delete(listener);
            stop?.();
        };
    }
    exclusively(work) {
        if (this.#storage.exclusively)
            return this.#storage.exclusively(this.#names.lock, work);
        const run = this.#last.then(work);
        this.#last = run.catch(() => { });
        return run;
    }
    #tell() {
        for (const listener of this.#listeners)
            listener();
    }
}
function sessionIn({ access_token, expires_at }) {
    const payload = access_token.split('.')[1].replaceAll('-', '+').replaceAll('_', '/');
    const { user_id, roles = [] } = JSON.parse(atob(payload));
    return { user_id, roles, expires_at };
}
