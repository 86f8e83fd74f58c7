import { errorOf } from "./error.js";
import { defaultStorage } from "./storage.js";
import { seconds, TokenStore } from "./tokens.js";
export { LatchkeyError } from "./error.js";
export { browserStorage, memoryStorage } from "./storage.js";
const LEEWAY_SECONDS = 30;
export function createClient({ url, origins = [], storage = defaultStorage(), fetch = globalThis.fetch, }) {
    const { origin } = new URL(url);
    const mayKnow = new Set([origin, ...origins]);
    const store = new TokenStore(storage, origin);
    const post = (path, json) => new Request(new URL(path, origin), {
        method: 'POST',
        ...(json !== undefined && { headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(json) }),
    });
    const sendWith = (request, { access_token }) => {
        const headers = new Headers(request.headers);
        headers.set('Authorization', `Bearer ${access_token}`);
        return fetch(new Request(request, { headers }));
    };
    const renew = (stale) => store.exclusively(async () => {
        const held = store.tokens;
        if (held?.access_token !== stale.access_token)
            return held;
        const { refresh_token } = held;
        const ask = () => fetch(post('/user/refresh', { refresh_token }));
        const answer = await ask().catch(ask);
        const error = answer.ok ? undefined : await errorOf(answer);
        if (error && error.code !== 'invalid_refresh_token')
            throw error;
        const given = error ? undefined : (await answer.json());
        if (store.tokens?.refresh_token !== refresh_token)
            return store.tokens;
        if (given)
            return store.keep(given);
        store.forget();
        return null;
    });
    const current = async () => {
        const held = store.tokens;
        if (!held || held.expires_at - LEEWAY_SECONDS > seconds())
            return held;
        return renew(held).catch((error) => {
            if (held.expires_at > seconds())
                return held;
            throw error;
        });
    };
    return {
        async login(credentials) {
            const device_token = store.device;
            const answer = await fetch(post('/user/login', { ...credentials, ...(device_token && { device_token }) }));
            if (!answer.ok)
                throw await errorOf(answer);
            store.keep((await answer.json()));
            return store.session;
        },
        async logout({ everywhere = false } = {}) {
            const held = await current().catch(() => store.tokens);
            store.forget();
            if (!held)
                return;
            const answer = await sendWith(post(everywhere ? '/user/logout/everywhere' : '/user/logout'), held);
            if (!answer.ok && answer.status !== 401)
                throw await errorOf(answer);
        },
        async fetch(input, init) {
            const request = new Request(input instanceof Request ? input : new URL(input, origin), init);
            const target = new URL(request.url).origin;
            if (!mayKnow.has(target))
                throw new TypeError(`${target} is not among the origins that may see the token.`);
            const held = await current();
            if (!held)
                return fetch(request);
            const answer = await sendWith(request.clone(), held);
            if (answer.status !== 401 || !answer.headers.get('WWW-Authenticate')?.includes('invalid_token'))
                return answer;
            const renewed = await renew(held);
            return renewed ? sendWith(request, renewed) : answer;
        },
        get session() {
            return store.session;
        },
        subscribe: (listener) => store.subscribe(listener),
    };
}
