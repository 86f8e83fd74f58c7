export function originOf(address, option) {
    const url = parsed(address);
    if (url && /^https?:$/.test(url.protocol) && url.href === `${url.origin}/`)
        return url.origin;
    throw new TypeError(`${option}: an address like https://login.example.com, with its https:// (or http://) and nothing after the host.`);
}
function parsed(address) {
    try {
        return new URL(address);
    }
    catch {
        return undefined;
    }
}
