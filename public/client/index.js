import { errorOf } from "./error.js";
import { originOf } from "./origin.js";
import { routeOf } from "./steps.js";
import { defaultStorage } from "./storage.js";
import { seconds, TokenStore } from "./tokens.js";
export { LatchkeyError } from "./error.js";
export { askPasskey } from "./passkey.js";
export { browserStorage, memoryStorage } from "./storage.js";
const LEEWAY_SECONDS = 30;
export function createClient({ url, origins = [], storage = defaultStorage(), fetch = globalThis.fetch, }) {
    const origin = originOf(url, 'url');
    const mayKnow = new Set([origin, ...origins.map((other) => originOf(other, 'origins'))]);
    const store = new TokenStore(storage, origin);
    const giveTokens = ['/user/reauth', '/user/login'].map((path) => new URL(path, origin).href);
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
    const keepNew = async ({ url }, answer) => {
        if (!answer.ok || !giveTokens.some((route) => url.startsWith(route)))
            return answer;
        const given = (await answer.clone().json());
        if (given.access_token !== undefined)
            store.keep(given);
        return answer;
    };
    const send = async (request) => {
        const target = new URL(request.url).origin;
        if (!mayKnow.has(target))
            throw new TypeError(`${target} is not among the origins that may see the token.`);
        const held = await current();
        if (!held)
            return keepNew(request, await fetch(request));
        const answer = await sendWith(request.clone(), held);
        if (answer.status !== 401 || !answer.headers.get('WWW-Authenticate')?.includes('invalid_token')) {
            return keepNew(request, answer);
        }
        const renewed = await renew(held);
        return renewed ? keepNew(request, await sendWith(request, renewed)) : answer;
    };
    const ask = async (path, json) => jsonOf(await fetch(post(path, json)));
    const tell = async (path, json) => void (await ask(path, json));
    const own = async (path, method = 'GET') => jsonOf(await send(new Request(new URL(path, origin), { method })));
    return {
        async login(step) {
            const { path, body } = routeOf(step);
            const device_token = path === '/user/login' && store.device;
            const answer = await fetch(post(path, { ...body, ...(device_token && { device_token }) }));
            store.keep(await jsonOf(answer));
            return store.session;
        },
        mailCode: (to) => ask('/user/login/code', typeof to === 'string' ? { email: to } : to),
        requestPasskey: (ticket) => ask('/user/login/passkey/options', ticket === undefined ? {} : { ticket }),
        register: (account) => tell('/user/register', account),
        verify: (link) => tell('/user/email/verify', link),
        forgot: (email) => tell('/user/password/forgot', { email }),
        reset: (link) => tell('/user/password/reset', link),
        async reauth(confirmation) {
            await jsonOf(await send(post('/user/reauth', confirmation)));
            return store.session;
        },
        me: () => own('/user/me'),
        factors: () => own('/user/factors'),
        sessions: () => own('/user/sessions'),
        endSession: (id) => own(`/user/sessions/${encodeURIComponent(id)}`, 'DELETE'),
        async logout({ everywhere = false } = {}) {
            const held = await current().catch(() => store.tokens);
            store.forget();
            if (!held)
                return;
            const answer = await sendWith(post(everywhere ? '/user/logout/everywhere' : '/user/logout'), held);
            if (!answer.ok && answer.status !== 401)
                throw await errorOf(answer);
        },
        fetch: async (input, init) => send(new Request(input instanceof Request ? input : new URL(input, origin), init)),
        get session() {
            return store.session;
        },
        subscribe: (listener) => store.subscribe(listener),
    };
}
async function jsonOf(answer) {
    if (!answer.ok)
        throw await errorOf(answer);
    return (answer.status === 204 ? undefined : await answer.json());
}
